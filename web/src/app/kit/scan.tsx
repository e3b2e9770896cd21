/** Reads a square with the camera, where the browser can; everywhere else nothing is shown, and one types. */

import type { VNode } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { useSay } from "../core/app.ts";
import { Button } from "./controls.tsx";
import { Notice } from "./showing.tsx";

interface Detector {
  detect(source: HTMLVideoElement): Promise<readonly { readonly rawValue: string }[]>;
}
const EVERY = 250;

export function Scan({ label, onText }: { label: string; onText: (text: string) => void }): VNode | null {
  const say = useSay();
  const [open, setOpen] = useState(false);
  const [refused, refuse] = useState(false);
  if (!("BarcodeDetector" in globalThis) || !("mediaDevices" in navigator)) return null;
  const found = (text: string) => {
    setOpen(false);
    onText(text);
  };
  return (
    <div class="scan">
      <Button onClick={() => setOpen(!open)}>{open ? say("app.close") : label}</Button>
      {open && <Camera {...{ label, found }} onRefused={() => refuse(true)} />}
      {refused && (
        <Notice kind="warn" live>
          <p>{say("app.no_camera")}</p>
        </Notice>
      )}
    </div>
  );
}

function Camera({ label, found, onRefused }: { label: string; found: (text: string) => void; onRefused: () => void }) {
  const video = useRef<HTMLVideoElement>(null);
  useEffect(() => watch(video.current!, found, onRefused), []);
  return <video ref={video} aria-label={label} muted playsInline autoplay />;
}

/** Look for a square until there is one; returns what ends it. */
function watch(video: HTMLVideoElement, found: (text: string) => void, refused: () => void): () => void {
  const made = globalThis as unknown as { BarcodeDetector: new (how: { formats: string[] }) => Detector };
  const detector = new made.BarcodeDetector({ formats: ["qr_code"] });
  let stream: MediaStream | null = null;
  let timer: ReturnType<typeof setInterval> | undefined;
  let over = false;
  const end = () => {
    over = true;
    clearInterval(timer);
    stream?.getTracks().forEach((track) => track.stop());
  };
  const look = async () => {
    const [code] = await detector.detect(video).catch(() => []);
    if (!code || over) return;
    end();
    found(code.rawValue);
  };
  navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } }).then((given) => {
    stream = given;
    if (over) return end();
    video.srcObject = given;
    timer = setInterval(() => void look(), EVERY);
  }, refused);
  return end;
}
