/** Outlines as paths of an SVG: degrees on a plane, as wide at the middle of the country as they are high. Pure. */

import type { Outlines } from "../../../client/servicemap.ts";

type Ring = readonly (readonly [number, number])[];

export interface Shape {
  readonly code: string;
  readonly path: string;
  /** Where its number stands: the middle of its largest ring. */
  readonly x: number;
  readonly y: number;
}

export interface Sheet {
  readonly width: number;
  readonly height: number;
  readonly shapes: readonly Shape[];
}

const WIDTH = 640;
const TALLEST = 720;
const HALF = 180;

export function sheetOf(outlines: Outlines): Sheet | null {
  const shapes = outlines.features.map(({ id, geometry }) => ({ id, rings: ringsOf(geometry) }));
  const points = shapes.flatMap(({ rings }) => rings.flat());
  if (!points.length) return null;
  const over = Math.max(...points.map(([lon]) => lon)) - Math.min(...points.map(([lon]) => lon)) > HALF;
  const turned = (lon: number) => (over && lon < 0 ? lon + 2 * HALF : lon);
  const [west, east] = ends(points.map(([lon]) => turned(lon)));
  const [south, north] = ends(points.map(([, lat]) => lat));
  const narrow = Math.cos((((south + north) / 2) * Math.PI) / HALF);
  const scale = Math.min(WIDTH / ((east - west) * narrow), TALLEST / (north - south));
  const place = ([lon, lat]: readonly [number, number]) =>
    [(turned(lon) - west) * narrow * scale, (north - lat) * scale] as const;
  return {
    width: (east - west) * narrow * scale,
    height: (north - south) * scale,
    shapes: shapes.map(({ id, rings }) => {
      const drawn = rings.map((ring) => ring.map(place));
      return { code: id, path: drawn.map(pathOf).join(""), ...middleOf(drawn) };
    }),
  };
}

function ringsOf(geometry: Outlines["features"][number]["geometry"]): Ring[] {
  if (geometry.type === "Polygon") return geometry.coordinates as Ring[];
  return (geometry.coordinates as Ring[][]).flat();
}

const ends = (values: readonly number[]): readonly [number, number] =>
  values.reduce(([low, high], one) => [Math.min(low, one), Math.max(high, one)] as const, [
    Infinity,
    -Infinity,
  ] as const);

const pathOf = (ring: Ring): string => `M${ring.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join("L")}Z`;

function middleOf(rings: readonly Ring[]): { x: number; y: number } {
  const boxes = rings.map((ring) => [ends(ring.map(([x]) => x)), ends(ring.map(([, y]) => y))] as const);
  const size = ([[left, right], [top, bottom]]: (typeof boxes)[number]) => (right - left) * (bottom - top);
  const [across, down] = boxes.reduce((best, one) => (size(one) > size(best) ? one : best));
  return { x: (across[0] + across[1]) / 2, y: (down[0] + down[1]) / 2 };
}
