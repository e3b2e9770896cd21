"""Consent records in the forms of others: ISO/IEC TS 27560 with DPV, and FHIR R4. Pure; decides nothing."""
