/**
 * Photos without the places and people in their metadata (R13): only the picture is drawn anew, and the name goes too. The
 * browser's twin of `hub/client/cleaning.py`.
 *
 * What a picture shows stays: a street sign, a face; so a person looks at it. Whatever is no picture is refused, because
 * nobody can say what else is in it.
 */

import type { Bytes } from "../rcp/encoding.ts";
import { HubError } from "./session.ts";

const MOST_BYTES = 64 * 2 ** 20;
const MOST_PIXELS = 64_000_000;
const QUALITY = 0.9;

/** The pictures, each drawn anew under a name that says nothing. */
export async function cleanAttachments(files: ReadonlyMap<string, Bytes>): Promise<Map<string, Bytes>> {
  const found = new Map<string, Bytes>();
  for (const data of files.values()) found.set(`picture-${found.size + 1}.jpg`, await redrawn(data));
  return found;
}

async function redrawn(data: Bytes): Promise<Bytes> {
  if (data.length > MOST_BYTES) throw new HubError("too_large");
  const picture = await createImageBitmap(new Blob([data])).catch(() => null);
  if (!picture) throw new HubError("invalid_request", "", null, { field: "attachments" });
  const { width, height } = picture;
  if (width * height > MOST_PIXELS) throw new HubError("too_large");
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const paper = canvas.getContext("2d")!;
  paper.fillStyle = "#fff";
  paper.fillRect(0, 0, width, height);
  paper.drawImage(picture, 0, 0);
  const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, "image/jpeg", QUALITY));
  if (!blob) throw new HubError("invalid_request", "", null, { field: "attachments" });
  return new Uint8Array(await blob.arrayBuffer());
}
