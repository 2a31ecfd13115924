"""People with OpenPGP keys, for tests: each has a GnuPG home of its own in a scratch folder."""
import os
import shutil
import subprocess
import tempfile

from harness import Skip, check


class Recipients:
    """`names` people. One's key: fingerprints[name]; its public half: export(name)."""

    def __init__(self, *names):
        if not shutil.which("gpg") or not shutil.which("gpgconf"):
            raise Skip("no gpg")
        self.names, self.fingerprints = names, {}
        self.folder = tempfile.mkdtemp(prefix="c138-gpg-")

    def home(self, name):
        return os.path.join(self.folder, name)

    def gpg(self, name, *args, text=None):
        r = subprocess.run(["gpg", "--homedir", self.home(name), "--batch", "--quiet", *args], capture_output=True, text=True,
                           input=text, timeout=60)
        check(r.returncode == 0, r.stderr)
        return r.stdout

    def __enter__(self):
        for name in self.names:
            os.mkdir(self.home(name), 0o700)
            self.gpg(name, "--passphrase", "", "--quick-gen-key", "%s <%s@example.org>" % (name, name), "default", "default", "1y")
            lines = self.gpg(name, "--with-colons", "--list-keys").splitlines()
            self.fingerprints[name] = [x.split(":")[9] for x in lines if x.startswith("fpr:")][0]
        return self

    def __exit__(self, *_):
        for name in self.names:
            subprocess.run(["gpgconf", "--homedir", self.home(name), "--kill", "all"], capture_output=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    def export(self, name):
        return self.gpg(name, "--export", "--armor", self.fingerprints[name])

    def decrypt(self, name, message):
        return self.gpg(name, "--decrypt", text=message)

    def version(self):
        return subprocess.run(["gpg", "--version"], capture_output=True, text=True).stdout.split("\n")[0].split()[-1]
