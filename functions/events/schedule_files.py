"""Files in the frab schedule format, JSON and XML: between bytes and one document, of the shape that the JSON has.

https://github.com/voc/schedule has the format's schemas; pretalx, frab and the tools of c3voc publish it.
"""

import hashlib
import json
from typing import NoReturn
from xml.etree import ElementTree as ET  # builds and types only: what comes from outside is read by defusedxml

from shared.errors import Invalid, JsonObject, Problem

MAX_FILE = 5_000_000  # bytes
_MAX_TAGS = 400_000  # of an XML file: each becomes an object of half a kilobyte

_SCALARS = (
    "date",
    "start",
    "duration",
    "room",
    "slug",
    "title",
    "subtitle",
    "track",
    "type",
    "language",
    "abstract",
    "description",
)


class UnsupportedFile(Problem):
    status, slug, title = 415, "unsupported-media-type", "Not a kind of file that is taken"


class TooLarge(Problem):
    status, slug, title = 413, "too-large", "The file is too large"


class UnreadableFile(Invalid):
    slug, title = "unreadable-file", "The file cannot be read"


class HostileFile(Invalid):
    slug, title = "hostile-file", "The file has what no schedule needs"


class NotASchedule(Invalid):
    slug, title = "not-a-schedule", "The file is not a schedule in the frab format"


def read_file(data: bytes, media_type: str) -> JsonObject:
    """The `schedule` of the file. Raises UnsupportedFile, TooLarge, UnreadableFile, HostileFile, NotASchedule."""
    if len(data) > MAX_FILE:
        raise TooLarge(f"The file has {len(data):,} bytes; at most {MAX_FILE:,} are taken. Leave out what is not the schedule.")
    match media_type.partition(";")[0].strip().lower():
        case "application/json":
            return _read_json(data)
        case "application/xml" | "text/xml":
            return _read_xml(data)
        case other:
            raise UnsupportedFile(f"Content-Type is {other!r}. Send schedule.json as application/json or schedule.xml as text/xml.")


def number_of(guid: str) -> int:
    """The format asks for numbers beside guids: 31 bits that a guid always gives, never 0."""
    return int.from_bytes(hashlib.sha256(guid.encode()).digest()[:4]) >> 1 or 1


def write_json(schedule: JsonObject, generator: JsonObject) -> bytes:
    document = {"$schema": "https://c3voc.de/schedule/schema.json", "generator": generator, "schedule": schedule}
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def write_xml(schedule: JsonObject, generator: JsonObject) -> bytes:
    conference = schedule["conference"]
    root = ET.Element("schedule")
    ET.SubElement(root, "generator", generator)
    _add(root, "version", schedule["version"])
    about = ET.SubElement(root, "conference")
    for name in ("acronym", "title", "start", "end"):
        _add(about, name, conference[name])
    _add(about, "days", str(conference["daysCount"]))
    for name in ("timeslot_duration", "time_zone_name"):
        _add(about, name, conference[name])
    for day in conference["days"]:
        _add_day(root, day)
    ET.indent(root)
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"


def _read_json(data: bytes) -> JsonObject:
    try:
        document = json.loads(data, parse_constant=_refuse_constant)
    except RecursionError:
        raise HostileFile("The JSON is nested deeper than can be read.") from None
    except ValueError as failure:
        raise UnreadableFile(f"The file is not JSON: {failure}. Was it cut off, or is it another format?") from failure
    schedule = document.get("schedule") if isinstance(document, dict) else None
    if not isinstance(schedule, dict) or not isinstance(schedule.get("conference"), dict):
        raise NotASchedule('The JSON must be {"schedule": {"version": …, "conference": {…, "days": […]}}}.')
    return schedule


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number of JSON")


def _read_xml(data: bytes) -> JsonObject:
    from defusedxml import DefusedXmlException  # type: ignore[import-untyped]
    from defusedxml.ElementTree import ParseError, fromstring  # type: ignore[import-untyped]

    if data.count(b"<") > _MAX_TAGS:
        raise TooLarge(f"The file has more than {_MAX_TAGS:,} tags. Leave out what is not the schedule.")
    try:
        root: ET.Element = fromstring(data, forbid_dtd=True)
    except DefusedXmlException as failure:
        raise HostileFile("The XML declares a document type, entities or external files. Send it without them.") from failure
    except (ParseError, LookupError, ValueError) as failure:
        raise UnreadableFile(f"The file is not XML: {failure}. Was it cut off, or is it another format?") from failure
    conference = root.find("conference")
    if root.tag != "schedule" or conference is None:
        raise NotASchedule("The XML must be <schedule><version/><conference/><day>…</day></schedule>.")
    return {"version": root.findtext("version"), "conference": _conference(conference, root.findall("day"))}


def _conference(element: ET.Element, days: list[ET.Element]) -> JsonObject:
    said = {child.tag: _text(child) for child in element if not len(child)}
    return {
        "title": said.get("title"),
        "start": said.get("start"),
        "end": said.get("end"),
        "time_zone_name": said.get("time_zone_name"),
        "rooms": [],
        "tracks": [dict(track.attrib) for track in element.iter("track")],
        "days": [_day(day) for day in days],
    }


def _day(element: ET.Element) -> JsonObject:
    rooms: dict[str, list[JsonObject]] = {}
    for room in element.findall("room"):
        rooms.setdefault(room.get("name", ""), []).extend(_event(event) for event in room.findall("event"))
    return {
        "index": element.get("index"),
        "date": element.get("date"),
        "day_start": element.get("start"),
        "day_end": element.get("end"),
        "rooms": rooms,
    }


def _event(element: ET.Element) -> JsonObject:
    said = {child.tag: _text(child) for child in element if child.tag in _SCALARS}
    persons = [{**person.attrib, "name": _text(person)} for person in element.iterfind("persons/person")]
    links = [{"title": _text(link), "url": link.get("href")} for link in element.iterfind("links/link")]
    return {**said, "guid": element.get("guid"), "id": element.get("id"), "persons": persons, "links": links}


def _text(element: ET.Element) -> str:
    return "".join(element.itertext())


def _add(parent: ET.Element, name: str, text: str | None) -> None:
    ET.SubElement(parent, name).text = text or ""


def _add_day(root: ET.Element, day: JsonObject) -> None:
    attributes = {"index": str(day["index"]), "date": day["date"], "start": day["day_start"], "end": day["day_end"]}
    element = ET.SubElement(root, "day", attributes)
    for name, events in day["rooms"].items():
        room = ET.SubElement(element, "room", {"name": name})
        for event in events:
            _add_event(room, event)


def _add_event(room: ET.Element, event: JsonObject) -> None:
    element = ET.SubElement(room, "event", {"guid": event["guid"], "id": str(event["id"])})
    for name in _SCALARS:
        _add(element, name, event[name])
    persons = ET.SubElement(element, "persons")
    for person in event["persons"]:
        ET.SubElement(persons, "person", {"id": str(number_of(person["guid"]))}).text = person["name"]
    links = ET.SubElement(element, "links")
    for link in event["links"]:
        ET.SubElement(links, "link", {"href": link["url"]}).text = link["title"]
