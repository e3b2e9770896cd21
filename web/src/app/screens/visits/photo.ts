/** A photo drawn anew: what the camera wrote beside the picture, such as the place, is gone. */

import type { Bytes } from "../../../rcp/encoding.ts";

const LONGEST = 2400;
const QUALITY = 0.85;

export async function cleaned(file: File): Promise<Bytes> {
  const picture = await createImageBitmap(file);
  const scale = Math.min(1, LONGEST / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(picture.width * scale);
  canvas.height = Math.round(picture.height * scale);
  canvas.getContext("2d")!.drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  const made = await new Promise<Blob | null>((done) => canvas.toBlob(done, "image/jpeg", QUALITY));
  if (!made) throw new Error("no picture");
  return new Uint8Array(await made.arrayBuffer()) as Bytes;
}
