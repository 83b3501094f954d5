"""Prolific's side of a study: people, submissions, codes, and the export with its real header."""

import csv
from urllib.parse import parse_qs, urlsplit

from tests.study_app.panels.panel_files import CODES, PROLIFIC_LINK

HEADER = [
    "Submission id",
    "Participant id",
    "Status",
    "Custom study tncs accepted at",
    "Started at",
    "Completed at",
    "Reviewed at",
    "Archived at",
    "Time taken",
    "Completion code",
    "Total approvals",
    "Fluent languages",
    "Age",
    "Sex",
]


class FakeProlific:
    """Sends people to the study, and knows of them only what Prolific would know."""

    def __init__(self, open_link):
        self.open_link, self.submissions = open_link, []

    def send(self):
        """Start a submission, and open its link in a browser."""
        number = len(self.submissions) + 1
        person = f"{number:024x}"
        self.submissions.append(
            {"id": f"{number:08x}" + "5" * 16, "person": person, "status": "ACTIVE", "code": ""}
        )
        mine = self.submissions[-1]
        guest = self.open_link(PROLIFIC_LINK.format(person))
        guest.submission = mine
        return guest

    def come_back(self, guest):
        """Follow the study's button to Prolific, which knows the end by its code."""
        address = urlsplit(guest.main.select_one(".leave a")["href"])
        code = parse_qs(address.query)["cc"][0]
        is_out = code == CODES["screened_out"]
        guest.submission.update(code=code, status="SCREENED OUT" if is_out else "AWAITING REVIEW")

    def export(self, file):
        """Write the file that Prolific offers for download."""
        with file.open("w", newline="") as target:
            writer = csv.DictWriter(target, HEADER, restval="", lineterminator="\r\n")
            writer.writeheader()
            for each in self.submissions:
                writer.writerow(
                    {
                        "Submission id": each["id"],
                        "Participant id": each["person"],
                        "Status": each["status"],
                        "Completion code": each["code"],
                        "Started at": "2026-11-02T10:00:00.000000Z",
                        "Age": "DATA_EXPIRED",
                    }
                )
        return file

    def count(self, *statuses):
        return sum(each["status"] in statuses for each in self.submissions)
