/**
 * Leaflet as this app uses it: drawn on a canvas, with outlines and points of the own hub and nothing loaded from elsewhere.
 * No control, popup or attribution of Leaflet's is used, since those are made of markup.
 */

import "../../core/trusted.ts";
import * as leaflet from "leaflet";
import type { Outlines } from "../../../client/servicemap.ts";

export interface Point {
  readonly id: string;
  readonly lat: number;
  readonly lon: number;
  /** Whether it is the place itself; else about there. */
  readonly exact: boolean;
}

export interface Drawing {
  points(rows: readonly Point[], chosen: string | null): void;
  outlines(shapes: Outlines, chosen: string | null): void;
  backdrop(shapes: GeoJSON.FeatureCollection): void;
  show(point: Point): void;
  zoom(by: number): void;
  fit(): void;
  remove(): void;
}

export interface Pressed {
  point(id: string): void;
  area(code: string): void;
}

/** Beneath all else; the style sheet puts it there. */
const BACK = "back";
const RADIUS = 9;
const CLOSE = 11;
const SMALLEST = 2;
const CLOSEST = 14;

const colour = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

export function drawIn(element: HTMLElement, pressed: Pressed): Drawing {
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const map = leaflet.map(element, {
    ...{ preferCanvas: true, zoomSnap: 0.25, zoomControl: false, attributionControl: false, worldCopyJump: true },
    ...{
      minZoom: SMALLEST,
      maxZoom: CLOSEST,
      maxBounds: [
        [-85, -540],
        [85, 540],
      ],
    },
    ...{ zoomAnimation: !still, fadeAnimation: !still, markerZoomAnimation: !still, inertia: !still },
  });
  map.setView([10, 20], SMALLEST);
  map.createPane(BACK);
  const behind = leaflet.canvas({ pane: BACK });
  const layers = {
    back: leaflet.layerGroup().addTo(map),
    areas: leaflet.featureGroup().addTo(map),
    points: leaflet.featureGroup().addTo(map),
  };
  return {
    points: (rows, chosen) => {
      layers.points.clearLayers();
      for (const row of rows)
        pointOf(row, row.id === chosen)
          .on("click", () => pressed.point(row.id))
          .addTo(layers.points);
    },
    outlines: (shapes, chosen) => {
      layers.areas.clearLayers();
      for (const feature of shapes.features) {
        const shape = leaflet.geoJSON(feature as unknown as GeoJSON.Feature, {
          style: areaStyle(feature.id === chosen),
        });
        shape.on("click", () => pressed.area(feature.id)).addTo(layers.areas);
      }
    },
    backdrop: (shapes) => {
      layers.back.clearLayers();
      leaflet
        .geoJSON(shapes, { style: { ...backStyle(), renderer: behind }, pane: BACK, interactive: false })
        .addTo(layers.back);
    },
    show: ({ lat, lon }) => map.setView([lat, lon], Math.max(map.getZoom(), CLOSE), { animate: !still }),
    zoom: (by) => map.setZoom(map.getZoom() + by, { animate: !still }),
    fit: () => {
      const bounds = [layers.areas, layers.points].map((group) => group.getBounds()).filter((one) => one.isValid());
      const all = bounds.reduce<leaflet.LatLngBounds | null>((sum, one) => sum?.extend(one) ?? one, null);
      if (all) map.fitBounds(all, { animate: false, padding: [12, 12], maxZoom: CLOSE });
    },
    remove: () => map.remove(),
  };
}

/** A full disc is the place itself, an open ring is about there: shape says it, not colour alone. */
function pointOf({ lat, lon, exact }: Point, chosen: boolean): leaflet.CircleMarker {
  return leaflet.circleMarker([lat, lon], {
    radius: chosen ? RADIUS + 4 : RADIUS,
    color: colour(exact ? "--paper" : "--act"),
    weight: exact ? 2 : 4,
    fillColor: colour(exact ? "--act" : "--paper"),
    fillOpacity: 1,
  });
}

const areaStyle = (chosen: boolean): leaflet.PathOptions => ({
  color: colour("--ink"),
  weight: chosen ? 4 : 1.5,
  fillColor: colour("--act"),
  fillOpacity: chosen ? 0.25 : 0.06,
});

const backStyle = (): leaflet.PathOptions => ({
  color: colour("--hair"),
  weight: 1,
  fillColor: colour("--soft"),
  fillOpacity: 1,
});
