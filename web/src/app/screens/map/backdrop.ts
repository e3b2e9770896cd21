/** The countries of the world, coarse, out of Natural Earth: a backdrop on which one finds one's way, and settles no border. */

import { feature } from "topojson-client";
import type { Topology } from "topojson-specification";
import world from "world-atlas/countries-110m.json";

export function countries(): GeoJSON.FeatureCollection {
  const topology = world as unknown as Topology;
  return feature(topology, topology.objects["countries"]!) as GeoJSON.FeatureCollection;
}
