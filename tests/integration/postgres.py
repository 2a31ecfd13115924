"""A PostgreSQL server of its own, from Debian's packages."""
import glob
import os
import shutil
import subprocess

from harness import Skip, free_port

PASSWORD = "elephant"


class Postgres:
    """A server with its data in FOLDER, as the user postgres, until the end of the block."""

    def __init__(self, folder, address="127.0.0.1", port=None):
        found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"))
        if not found or os.geteuid() != 0:
            raise Skip("no PostgreSQL server, or not root")
        self.bin, self.folder, self.address, self.port = os.path.dirname(found[-1]), folder, address, port or free_port()
        os.makedirs(folder)
        shutil.chown(folder, "postgres")
        with open(folder + ".pw", "w") as f:
            f.write(PASSWORD + "\n")
        self.run("initdb", "-D", folder + "/data", "-A", "scram-sha-256", "-U", "postgres", "--pwfile", folder + ".pw")
        with open(folder + "/data/pg_hba.conf", "a") as f:
            f.write("host all all %s/24 scram-sha-256\n" % address)

    def run(self, program, *args):
        subprocess.run(["setpriv", "--reuid", "postgres", "--regid", "postgres", "--clear-groups", os.path.join(self.bin, program), *args],
                       check=True, capture_output=True, cwd="/")

    def __enter__(self):
        self.run("pg_ctl", "-D", self.folder + "/data", "-w", "-l", self.folder + "/log", "-o",
                 "-p %d -c listen_addresses=%s -c unix_socket_directories=%s -c fsync=off" % (self.port, self.address, self.folder), "start")
        return self

    def __exit__(self, *_):
        self.run("pg_ctl", "-D", self.folder + "/data", "-m", "immediate", "stop")

    def sql(self, text, database="postgres", user="postgres", password=PASSWORD):
        return subprocess.run([os.path.join(self.bin, "psql"), "-XAtq", "-v", "ON_ERROR_STOP=1", "-h", self.address, "-p", str(self.port), "-U",
                               user, "-d", database, "-c", text], check=True, capture_output=True, text=True,
                              env={"PGPASSWORD": password, "PATH": "/usr/bin"}).stdout.strip()
