/** What the screens of transfers have in common: names, times as a person types them, and who of the agency does a step. */

import { shortOf } from "../../../client/agencies.ts";
import type { Colleague } from "../../../client/colleagues.ts";
import { isObject, type Json } from "../../../rcp/encoding.ts";
import type { Shown } from "../../../client/handoffs.ts";
import type { Plan } from "../../../client/journey.ts";
import { placed } from "../../../client/register.ts";
import { moment } from "../../core/time.ts";
import type { Say } from "../../core/words.ts";
import type { Option } from "../../kit/controls.tsx";
import type { Coded } from "../handoff/coded.ts";

/** What a part of a leg's page is given; `done` tells that something was signed, and with which words. */
export interface PartProps {
  readonly shown: Shown;
  readonly coded: Coded;
  readonly people: readonly Colleague[];
  readonly done: (said?: string) => void;
}

const CASE_ROLES = ["caseworker", "supervisor", "focal_point", "deputy"];

/** An agency for a sentence: the own one is "your agency". */
export const agencyWord = (say: Say, agency: string, own: string): string =>
  agency === own ? say("transfer.holder_own") : shortOf(agency);

export const rolesWord = (say: Say, roles: readonly string[]): string =>
  roles.map((role) => say(`transfer.role.${role}`)).join(" / ");

export const planWords = (say: Say, { from, until }: Plan): string =>
  say("transfer.plan_and", { from: moment(say, from), until: moment(say, until) });

/** The plan of the journey as members signed it last. */
export function planOf(shown: Shown): Plan | null {
  const types = ["transfer.offer", "transfer.accept", "transfer.depart", "transfer.change"];
  const plans = placed(shown, ...types).map(({ statement }) => statement.body["plan"]);
  return (plans.filter(isObject).pop() as Plan | undefined) ?? null;
}

/** Supervisors who could sign second: anybody but the member. */
export const seconds = (people: readonly Colleague[], me: string): Option[] =>
  people.filter(({ member, roles }) => member !== me && roles.includes("supervisor")).map(option);

/** Who can be called at any hour about a case. */
export const onDuty = (people: readonly Colleague[]): Option[] =>
  people.filter(({ roles }) => roles.some((role) => CASE_ROLES.includes(role))).map(option);

const option = ({ member, login }: Colleague): Option => [member, login];

/** A time as a field for date and time has it, where the reader is; and back. */
export function toField(at: number): string {
  const local = new Date(at * 1000 - new Date(at * 1000).getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 16);
}

export const fromField = (text: string): number => Math.floor(new Date(text).getTime() / 1000);

export const isText = (value: Json | undefined): value is string => typeof value === "string" && value !== "";
