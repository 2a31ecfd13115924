#!/usr/bin/python3
"""A double of systemd's manager on a bus of the test's: the part of org.freedesktop.systemd1 that the stack plugin asks, with the
names, types and order of signals that systemd 252 documents (org.freedesktop.systemd1(5)). systemd itself must be process 1.

    systemd_double.py BUS-ADDRESS STATE-FILE UNIT...

A unit is started and stopped by a job, whose path comes first and whose JobRemoved comes after. A unit whose name holds "broken"
ends its start as "failed"; one that holds "denied" may not be started. STATE-FILE gets a line for each job. Runs under the Python
for which Debian packages dbus and gi.
"""
import sys

import dbus
import dbus.mainloop.glib
import dbus.service
from gi.repository import GLib

NAME = "org.freedesktop.systemd1"
ROOT = "/org/freedesktop/systemd1"
MANAGER, UNIT, SERVICE = NAME + ".Manager", NAME + ".Unit", NAME + ".Service"


class Refused(dbus.DBusException):
    def __init__(self, name, text):
        super().__init__(text)
        self._dbus_error_name = name


class UnitObject(dbus.service.Object):
    def __init__(self, bus, name, known):
        self.name, self.known = name, known
        self.active, self.sub, self.result, self.restarts, self.since, self.cpu = "inactive", "dead", "success", 0, 0, 0
        self.path = ROOT + "/unit/" + "".join(c if c.isalnum() else "_%02x" % ord(c) for c in name)
        super().__init__(bus, self.path)

    def put(self, active, sub, result="success"):
        self.active, self.sub, self.result = active, sub, result
        if active == "active":
            self.since = int(GLib.get_real_time())

    def values(self, interface):
        self.cpu = GLib.get_monotonic_time() * 300  # ns: a third of one processor
        if interface == UNIT:
            return {"LoadState": "loaded" if self.known else "not-found", "ActiveState": self.active, "SubState": self.sub,
                    "ActiveEnterTimestamp": dbus.UInt64(self.since)}
        return {"Result": self.result, "NRestarts": dbus.UInt32(self.restarts), "ExecMainStatus": dbus.Int32(1 if self.result != "success" else 0),
                "MemoryCurrent": dbus.UInt64(64 << 20 if self.active == "active" else (1 << 64) - 1),
                "MemoryMax": dbus.UInt64((1 << 64) - 1), "CPUUsageNSec": dbus.UInt64(self.cpu)}

    @dbus.service.method(dbus.PROPERTIES_IFACE, in_signature="ss", out_signature="v")
    def Get(self, interface, name):
        return self.values(interface)[name]


class Manager(dbus.service.Object):
    def __init__(self, bus, log, units):
        super().__init__(bus, ROOT)
        self.bus, self.log, self.jobs, self.subscribed = bus, log, 0, False
        self.units = {u: UnitObject(bus, u, True) for u in units}

    @dbus.service.method(MANAGER)
    def Subscribe(self):
        self.subscribed = True

    @dbus.service.signal(MANAGER, signature="uoss")
    def JobRemoved(self, number, job, unit, result):
        pass

    @dbus.service.method(MANAGER, in_signature="s", out_signature="o")
    def LoadUnit(self, name):
        if name not in self.units:
            self.units[name] = UnitObject(self.bus, str(name), False)
        return self.units[name].path

    def begin(self, kind, name, mode):
        unit = self.units.get(name)
        if unit is None or not unit.known:
            raise Refused(NAME + ".NoSuchUnit", "Unit %s not found." % name)
        if "denied" in name:
            raise Refused("org.freedesktop.DBus.Error.InteractiveAuthorizationRequired", "Interactive authentication required.")
        self.jobs += 1
        number, path = self.jobs, "%s/job/%d" % (ROOT, self.jobs)
        unit.put("activating" if kind != "stop" else "deactivating", "start" if kind != "stop" else "stop-sigterm")

        def end():
            failed = "broken" in name and kind != "stop"
            if failed:
                unit.put("failed", "failed", "exit-code")
            else:
                unit.put("inactive", "dead") if kind == "stop" else unit.put("active", "running")
            with open(self.log, "a") as f:
                f.write("%s %s %s\n" % (kind, name, mode))
            if self.subscribed:
                self.JobRemoved(dbus.UInt32(number), dbus.ObjectPath(path), name, "failed" if failed else "done")
        GLib.timeout_add(150, end)
        return dbus.ObjectPath(path)

    @dbus.service.method(MANAGER, in_signature="ss", out_signature="o")
    def StartUnit(self, name, mode):
        return self.begin("start", name, mode)

    @dbus.service.method(MANAGER, in_signature="ss", out_signature="o")
    def StopUnit(self, name, mode):
        return self.begin("stop", name, mode)

    @dbus.service.method(MANAGER, in_signature="ss", out_signature="o")
    def RestartUnit(self, name, mode):
        return self.begin("restart", name, mode)


def main():
    dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
    bus = dbus.bus.BusConnection(sys.argv[1])
    manager = Manager(bus, sys.argv[2], sys.argv[3:])
    owner = dbus.service.BusName(NAME, bus)
    print("ready", flush=True)
    GLib.MainLoop().run()
    del manager, owner


if __name__ == "__main__":
    main()
