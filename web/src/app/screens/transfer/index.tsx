/** Transfers: a leg and its steps, an offer, an intake, what waits to be signed. Which of them, the address says. */

import type { VNode } from "preact";
import type { ScreenProps } from "../../core/app.ts";
import { Inquire } from "./inquire.tsx";
import { Intake } from "./intake.tsx";
import { Leg } from "./leg.tsx";
import { LiftPage } from "./lift.tsx";
import { Notices } from "./notices.tsx";
import { OfferPage } from "./offer.tsx";
import { Sign } from "./sign.tsx";
import { StepPage } from "./step.tsx";
import { Succession } from "./succession.tsx";

export default function Transfer({ args: [first = "", second], query }: ScreenProps): VNode {
  if (first === "offer") return <OfferPage record={second ?? ""} leg={query["leg"] ?? ""} />;
  if (first === "intake") return <Intake record={second ?? ""} />;
  if (first === "inquire") return <Inquire />;
  if (first === "notices") return <Notices />;
  if (first === "sign") return <Sign record={second ?? ""} />;
  if (first === "succession") return <Succession />;
  if (first === "lift") return <LiftPage record={second ?? ""} leg={query["leg"] ?? ""} />;
  return second === undefined ? <Leg id={first} /> : <StepPage id={first} step={second} />;
}
