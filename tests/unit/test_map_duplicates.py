"""Records that may be one: names as they are compared, and what speaks for and against."""

from __future__ import annotations

import csv

import pytest

from hub.directory.duplicates.names import Patterns, acronym, compared, read_patterns
from hub.directory.duplicates.pairs import LIKELY, Party, candidates
from hub.directory.duplicates.parties import party, phone
from hub.errors import InvalidRequest
from tests.support import maps
from tests.support.shared import shared_data


def of(name, **more):
    more = {"id": name, "kind": "ngo", **more}
    return Party(names=tuple(compared(name)), **more)


def found(*parties):
    return {frozenset((pair.first, pair.second)): pair for pair in candidates(parties)}


def codes(pair):
    return {reason.code for reason in pair.reasons}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("The Norwegian Refugee Council", "norwegian refugee council"),
        ("Catholic Relief Services (CRS)", "Catholic Relief Services"),
        ("OIM - International Organization for Migration", "International Organisation for Migration"),
        ("Johanniter-Unfall-Hilfe e.V.", "Johanniter Unfall Hilfe"),
        ("Agency For Technical Cooperation & Development", "Agency for Technical Cooperation and Development"),
        ("World Food Programme", "World Food Program"),
        ("Solidarités International", "SOLIDARITES INTERNATIONAL"),
        ("جمعية الهلال الأحمر", "جمعيه الهلال الاحمر"),
        ("Afghan\u00a0Women", "Afghan Women "),
    ],
)
def test_one_name_has_many_spellings(one, other):
    assert compared(one)[0].words == compared(other)[0].words


def test_acronyms_are_found_where_people_put_them():
    for text in ("ASCHIANA: New Approach", "New Approach (ASCHIANA)", "ASCHIANA - New Approach", "New | ASCHIANA"):
        assert "aschiana" in compared(text)[0].acronyms
    assert acronym("ACF-USA") == "acf"
    assert "msf" in compared("Médecins Sans Frontières")[0].initials


def test_what_stands_in_brackets_or_behind_a_bar_is_a_name_too():
    names = {one.words for one in compared("Medecins Sans Frontieres (Doctors Without Borders)")}
    assert ("doctors", "without", "borders") in names
    assert ("medecins", "sans", "frontieres") in names


def test_a_list_of_names_says_what_is_meant():
    text = "Pattern,Canonical,Acronym\n#x,#org,#org+acronym\nDoctors of the World,Médecins du Monde,MDM\n"
    patterns = Patterns.of(read_patterns(text))
    (name,) = compared("doctors of the world", patterns)
    assert (name.words, name.acronyms) == (("medecins", "monde"), {"mdm"})
    with pytest.raises(InvalidRequest):
        read_patterns("only one column\nsecond\n")


def test_three_spellings_of_one_organisation_are_proposed_with_reasons():
    spellings = ("Homeland Youth Society", "The Homeland Youth Society (HYS)", "Homeland Yuoth Society")
    others = ("Kabul Orthopedic Organisation", "Mine Detection Center", "Shuhada Organization")
    pairs = found(*map(of, (*spellings, *others)))
    assert set(pairs) == {frozenset((a, b)) for a in spellings for b in spellings if a < b}
    assert all(codes(pair) & {"same_name", "alike_name"} for pair in pairs.values())


def test_two_clinics_of_one_name_in_two_towns_are_never_likely():
    clinic = {"kind": "health_facility", "country": "XA"}
    one = of("Hope Clinic", **{**clinic, "id": "a"}, areas=frozenset({"XA11"}))
    other = of("Hope Clinic", **{**clinic, "id": "b"}, areas=frozenset({"XA2"}))
    (pair,) = candidates([one, other])
    assert pair.strength == "possible"
    assert "other_area" in codes(pair)
    near = of("Hope Clinic", **{**clinic, "id": "c"}, areas=frozenset({"XA11"}))
    assert found(one, near)[frozenset("ac")].strength == "likely"


def test_even_in_two_towns_one_telephone_makes_it_likely():
    more = {"kind": "health_facility", "phones": frozenset({"+962790000000"})}
    one = of("Hope Clinic", id="a", **more, areas=frozenset({"XA11"}))
    other = of("Hope Clinic", id="b", **more, areas=frozenset({"XA2"}))
    assert candidates([one, other])[0].score >= LIKELY


def test_an_identifier_makes_likely_what_has_no_name_in_common():
    ids = frozenset({"org-id xm-1"})
    (pair,) = candidates([of("Alpha", id="a", identifiers=ids), of("Omega", id="b", identifiers=ids)])
    assert (pair.strength, codes(pair)) == ("likely", {"same_identifier"})


def test_an_acronym_alone_is_possible_and_its_words_speak_for_it():
    pairs = found(of("International Rescue Committee", id="a"), of("IRC", id="b"))
    assert (pairs[frozenset("ab")].strength, codes(pairs[frozenset("ab")])) == ("possible", {"acronym_of_name"})
    named = of("International Rescue Committee", id="a", acronyms=frozenset({"irc"}))
    assert found(named, of("IRC", id="b"))[frozenset("ab")].strength == "possible"


def test_services_of_two_providers_are_not_compared():
    assert candidates([of("Lessons", id="a", within="x"), of("Lessons", id="b", within="y")]) == []
    assert len(candidates([of("Lessons", id="a", within="x"), of("Lessons", id="b", within="x")])) == 1


def test_a_name_that_hundreds_share_proposes_nobody_to_everybody():
    many = [of("Primary School", id=f"{number:03}", kind="school") for number in range(300)]
    assert candidates(many) == []


def test_numbers_addresses_and_translations_count():
    clinic = maps.provider(
        "Hill Clinic",
        phones=[{"id": "p", "number": "07 9000 0000"}],
        email="desk@hill.example.org",
        website="https://www.hill.example.org/about",
        translations={"ar": {"name": {"text": "عيادة التل", "state": "human"}}},
        country="JO",
    )
    made = party("provider", clinic, ())
    assert made.phones == {phone("+962 7 9000 0000")}
    assert made.domains == {"hill.example.org"}
    assert ("عياده", "التل") in {name.words for name in made.names}
    assert party("provider", maps.provider(email="me@gmail.com"), ()).domains == frozenset()


@pytest.mark.parametrize("number", ["", "none", "12", "call me", "\u0660"])
def test_what_is_no_telephone_number_is_none(number):
    assert phone(number, "JO") == ""


def afghanistan():
    path = shared_data("directory/hdx-3w") / "afg_3w_2024-01_03.csv"
    rows = list(csv.reader(path.read_text("utf-8-sig").splitlines()))[2:]
    places, names = {}, {}
    for row in rows:
        names[row[5]] = row[6] or row[5]
        places.setdefault(row[5], set()).add(row[4])
    assert (len(rows), len(names)) == (10_902, 285)
    return names, places


def test_the_285_organisations_of_afghanistan_hold_nine_pairs_worth_a_look():
    names, places = afghanistan()
    parties = [
        Party(
            code,
            tuple(compared(name)),
            frozenset({acronym(code)}),
            "ngo",
            "AF",
            areas=frozenset(places[code]),
        )
        for code, name in names.items()
    ]
    pairs = found(*parties)
    assert len(pairs) == 9
    assert {frozenset(("HADAAF", "HADAF")), frozenset(("HYSI", "HYSIO")), frozenset(("AAH", "ACF"))} <= set(pairs)
    assert [pair.strength for pair in candidates(parties)].count("likely") == 1


def test_another_list_beside_it_is_proposed_name_by_name():
    names, _ = afghanistan()
    path = shared_data("directory/hdx-3w") / "org_canonical_names.csv"
    patterns = Patterns.of(read_patterns(path.read_text("utf-8")))
    french = {
        "Organisation Mondiale de la Santé": "WHO",
        "Comité International de la Croix Rouge": None,
        "Programme Alimentaire Mondial": "WFP",
        "Haut Commissariat des Nations Unies pour les Réfugiés": "UNHCR",
        "Acción Contra el Hambre": "ACF",
    }
    ours = [Party(c, tuple(compared(n, patterns)), frozenset({acronym(c)}), "ngo") for c, n in names.items()]
    theirs = [Party(n, tuple(compared(n, patterns)), kind="ngo") for n in french]
    pairs = found(*ours, *theirs)
    for name, code in french.items():
        hits = {next(iter(pair - {name})) for pair in pairs if name in pair}
        assert (code in hits) if code else not hits & set(names), name
