#!/usr/bin/env python3
"""Compares our next cron times with systemd's calendar, an implementation that shares nothing with ours.

Compared: 220 random expressions in five zones, 40 times each from a base a few days before a change of the clocks (or anywhere),
some of it behind the end of the zones' tables. Days and weekdays that are both restricted are "either" in cron and "both" in systemd:
there the two are asked of systemd apart and joined.
Not compared: times within three hours of a change of the clocks. systemd skips a time that a gap swallows, we run it at the gap's end;
an hour that comes twice and what runs hourly through it differ too. test_cron.c has a table for these.
"""
import os
import random
import re
import shutil
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

TOOL = "tests/unit/schema/cron_tool"
ZONES = ["Europe/Berlin", "America/New_York", "UTC", "Australia/Lord_Howe", "Asia/Kolkata"]
DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
COUNT, CASES = 40, 220


def field(r, least, most, star, step=True):
    """One cron field and its values."""
    if r.random() < star:
        if step and r.random() < 0.3:
            n = r.randint(2, max(2, (most - least) // 2))
            return "*/%d" % n, list(range(least, most + 1, n)), True
        return "*", list(range(least, most + 1)), True
    values, parts = set(), []
    for _ in range(r.randint(1, 3)):
        a = r.randint(least, most)
        if r.random() < 0.3:
            b = r.randint(a, most)
            n = r.choice([1, 1, 2, 3])
            parts.append("%d-%d" % (a, b) + ("/%d" % n if n > 1 else ""))
            values.update(range(a, b + 1, n))
        else:
            parts.append(str(a))
            values.add(a)
    return ",".join(parts), sorted(values), False


def changes(zone):
    """The hours (UTC) in which this zone's clocks change, for some years."""
    tz, found = ZoneInfo(zone), []
    for year in (2025, 2026, 2028, 2045, 2071):
        t = datetime(year, 1, 1, tzinfo=timezone.utc)
        for _ in range(366 * 24):
            n = t + timedelta(hours=1)
            if t.astimezone(tz).utcoffset() != n.astimezone(tz).utcoffset():
                found.append(n)
            t = n
    return found


def calm(epoch, tz):
    t = datetime.fromtimestamp(epoch, timezone.utc)
    return len({(t + timedelta(hours=h)).astimezone(tz).utcoffset() for h in (-3, 0, 3)}) == 1


def systemd(spec, base):
    out = subprocess.run(["systemd-analyze", "calendar", "--iterations=%d" % COUNT,
                          "--base-time=" + base.strftime("%Y-%m-%d %H:%M:%S UTC"), spec],
                         env={"TZ": "UTC", "LC_ALL": "C", "PATH": os.environ["PATH"]},
                         capture_output=True, text=True)
    if out.returncode:
        sys.exit("systemd-analyze: %s: %s" % (spec, out.stderr))
    found = re.findall(r"(?:Next elapse|Iter\. #\d+): \w+ (\d+-\d+-\d+ \d+:\d+:\d+) UTC", out.stdout)
    return [int(datetime.strptime(f, "%Y-%m-%d %H:%M:%S").replace(tzinfo=timezone.utc).timestamp()) for f in found]


def spec(weekdays, months, days, hours, minutes, zone):
    text = ",".join(DAYS[d] for d in weekdays) + " " if weekdays else ""
    part = lambda values: ",".join(str(v) for v in values)
    return "%s*-%s-%s %s:%s:00 %s" % (text, part(months), part(days), part(hours), part(minutes), zone)


def make(r, around):
    zone = r.choice(ZONES)
    if around[zone] and r.random() < 0.85:
        base = r.choice(around[zone]) - timedelta(minutes=r.randint(1, 4 * 1440))
    else:
        base = datetime(r.randint(2020, 2080), r.randint(1, 12), r.randint(1, 28), r.randint(0, 23), r.randint(0, 59), tzinfo=timezone.utc)
    minute, minutes, _ = field(r, 0, 59, 0.05)
    hour, hours, _ = field(r, 0, 23, 0.2)
    day, days, day_star = field(r, 1, 31, 0.6, step=False)
    month, months, _ = field(r, 1, 12, 0.8)
    weekday, weekdays, weekday_star = field(r, 0, 7, 0.5, step=False)
    weekdays = sorted({d % 7 for d in weekdays})
    every = list(range(1, 32))
    if weekday_star:
        specs = [spec([], months, days, hours, minutes, zone)]
    elif day_star:
        specs = [spec(weekdays, months, every, hours, minutes, zone)]
    else:
        specs = [spec([], months, days, hours, minutes, zone), spec(weekdays, months, every, hours, minutes, zone)]
    return zone, base, "%s %s %s %s %s" % (minute, hour, day, month, weekday), specs


def main():
    if not shutil.which("systemd-analyze"):
        print("skipped: systemd-analyze is not installed")
        return 77
    seed = int(os.environ.get("CRON_SEED", "138"))
    r = random.Random(seed)
    around = {zone: changes(zone) for zone in ZONES}
    cases = [make(r, around) for _ in range(CASES)]
    lines = "".join("%s|%d|%d|%s\n" % (z, b.timestamp(), COUNT, e) for z, b, e, _ in cases)
    ours = subprocess.run([TOOL], input=lines, capture_output=True, text=True, check=True).stdout.splitlines()
    compared = wrong = 0
    for (zone, base, expression, specs), line in zip(cases, ours, strict=True):
        tz = ZoneInfo(zone)
        mine, lists = [int(x) for x in line.split()], [systemd(s, base) for s in specs]
        ends = [l[-1] for l in lists + [mine] if len(l) == COUNT]
        # Past five years we say "never", by contract.
        end = min(ends + [int(base.timestamp()) + 5 * 365 * 86400])
        want = sorted({t for l in lists for t in l if t <= end and calm(t, tz)})
        have = [t for t in mine if t <= end and calm(t, tz)]
        compared += len(want)
        if want != have:
            wrong += 1
            print("%s in %s from %s (%s)\n  only systemd: %s\n  only ours: %s" % (
                expression, zone, base, specs,
                [str(datetime.fromtimestamp(t, tz)) for t in want if t not in have][:3],
                [str(datetime.fromtimestamp(t, tz)) for t in have if t not in want][:3]))
    print("cron_oracle: %d expressions, %d times compared, %d expressions differ (CRON_SEED=%d)" % (CASES, compared, wrong, seed))
    return 1 if wrong or compared < 20 * CASES else 0


sys.exit(main())
