/** The JSON Schemas of the sections as files, in the order in which a file is read, and the parts that they share. */

import common from "../../../hub/casefile/sections/schemas/common.json" with { type: "json" };
import minimal_contact from "../../../hub/casefile/sections/schemas/minimal_contact-v1.json" with { type: "json" };
import identity from "../../../hub/casefile/sections/schemas/identity-v1.json" with { type: "json" };
import status from "../../../hub/casefile/sections/schemas/status-v1.json" with { type: "json" };
import family_links from "../../../hub/casefile/sections/schemas/family_links-v1.json" with { type: "json" };
import child_views from "../../../hub/casefile/sections/schemas/child_views-v1.json" with { type: "json" };
import bia_bid from "../../../hub/casefile/sections/schemas/bia_bid-v1.json" with { type: "json" };
import coo_home_study from "../../../hub/casefile/sections/schemas/coo_home_study-v1.json" with { type: "json" };
import needs_risk from "../../../hub/casefile/sections/schemas/needs_risk-v1.json" with { type: "json" };
import health from "../../../hub/casefile/sections/schemas/health-v1.json" with { type: "json" };
import mhpss from "../../../hub/casefile/sections/schemas/mhpss-v1.json" with { type: "json" };
import education_skills from "../../../hub/casefile/sections/schemas/education_skills-v1.json" with { type: "json" };
import documents from "../../../hub/casefile/sections/schemas/documents-v1.json" with { type: "json" };
import safety_plan from "../../../hub/casefile/sections/schemas/safety_plan-v1.json" with { type: "json" };
import care_guardianship from "../../../hub/casefile/sections/schemas/care_guardianship-v1.json" with { type: "json" };
import plan from "../../../hub/casefile/sections/schemas/plan-v1.json" with { type: "json" };
import economic from "../../../hub/casefile/sections/schemas/economic-v1.json" with { type: "json" };
import legal from "../../../hub/casefile/sections/schemas/legal-v1.json" with { type: "json" };
import exploitation from "../../../hub/casefile/sections/schemas/exploitation-v1.json" with { type: "json" };
import travel_arrival from "../../../hub/casefile/sections/schemas/travel_arrival-v1.json" with { type: "json" };
import monitoring_plan from "../../../hub/casefile/sections/schemas/monitoring_plan-v1.json" with { type: "json" };
import type { Schema } from "../consent/schema.ts";

export const SCHEMAS = {
  common,
  minimal_contact,
  identity,
  status,
  family_links,
  child_views,
  bia_bid,
  coo_home_study,
  needs_risk,
  health,
  mhpss,
  education_skills,
  documents,
  safety_plan,
  care_guardianship,
  plan,
  economic,
  legal,
  exploitation,
  travel_arrival,
  monitoring_plan,
} as unknown as { readonly [name: string]: Schema };
