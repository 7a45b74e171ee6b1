# SPDX-License-Identifier: BSD-2-Clause
"""Makes container images, right and wrong ones, as an OCI layout or as `docker save` writes them; or has
Debian's tools make one."""
import hashlib
import io
import json
import os
import shutil
import subprocess
import tarfile


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def tar(entries):
    """An archive of (name, content), "dir/" without one, (name, link) by "->", with modes and owners."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, content, *rest in entries:
            entry = tarfile.TarInfo(name.rstrip("/"))
            entry.mode = rest[0] if rest else 0o755
            entry.uid = entry.gid = rest[1] if len(rest) > 1 else 0
            data = None
            if name.endswith("/"):
                entry.type = tarfile.DIRTYPE
            elif isinstance(content, str):
                entry.type, entry.linkname = tarfile.SYMTYPE, content
            else:
                entry.size, data = len(content), io.BytesIO(content)
            archive.addfile(entry, data)
    return out.getvalue()


def configuration(layers, machine="arm64", **config):
    return {"architecture": machine, "os": "linux", "config": config,
            "rootfs": {"type": "layers", "diff_ids": [digest(layer) for layer in layers]}}


class Layout:
    """The files of an OCI layout by their names."""

    def __init__(self):
        self.files = {"oci-layout": b'{"imageLayoutVersion": "1.0.0"}'}

    def blob(self, data, kind="layer.v1.tar"):
        name = digest(data)
        self.files["blobs/sha256/" + name[7:]] = data
        return {"mediaType": f"application/vnd.oci.image.{kind}", "digest": name, "size": len(data)}

    def json(self, value, kind):
        return self.blob(json.dumps(value).encode(), kind)

    def image(self, layers, config, pack=lambda data: data):
        """What an index says of a new image."""
        return self.json({"schemaVersion": 2, "config": self.json(config, "config.v1+json"),
                          "layers": [self.blob(pack(layer)) for layer in layers]},
                         "manifest.v1+json")

    def index(self, *named):
        self.files["index.json"] = json.dumps({"schemaVersion": 2, "manifests": named}).encode()
        return self.files


def for_machine(named, machine, system="linux"):
    return {**named, "platform": {"architecture": machine, "os": system}}


def docker(layers, config, older=False):
    """The files of an archive of `docker save`, today's or as Docker before 25 made them."""
    data = json.dumps(config).encode()
    name = digest(data)[7:]
    config_name = f"{name}.json" if older else f"blobs/sha256/{name}"
    files = {config_name: data}
    names = []
    for number, layer in enumerate(layers):
        names.append(f"{number:064x}/layer.tar" if older else f"blobs/sha256/{digest(layer)[7:]}")
        files[names[-1]] = layer
    files["manifest.json"] = json.dumps([{"Config": config_name, "RepoTags": ["a:b"],
                                          "Layers": names}]).encode()
    return files


def write_directory(path, files):
    for name, data in files.items():
        os.makedirs(os.path.dirname(os.path.join(path, name)), exist_ok=True)
        with open(os.path.join(path, name), "wb") as file:
            file.write(data)


def write_archive(path, files):
    with open(path, "wb") as file:
        file.write(tar([(name, data, 0o644) for name, data in files.items()]))


def tool(*words):
    done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False)
    if done.returncode != 0:
        raise OSError(f"{' '.join(words)}: exit status {done.returncode}: {done.stdout[-600:]}")


def by_umoci(layout, layers, machine="arm64", **config):
    """An OCI layout with an image of umoci's, "made". A layer is a function that changes what is in a root file
    system; umoci finds what that has changed, whiteouts included. config: lists of texts or a text."""
    bundle = layout + ".bundle"
    image = f"{layout}:made"
    tool("umoci", "init", "--layout", layout)
    tool("umoci", "new", "--image", image)
    for change in layers:
        tool("umoci", "unpack", "--rootless", "--image", image, bundle)
        change(os.path.join(bundle, "rootfs"))
        tool("umoci", "repack", "--image", image, bundle)
        shutil.rmtree(bundle)
    options = [word for name, values in config.items()
               for value in ([values] if isinstance(values, str) else values)
               for word in (f"--config.{name}", value)]
    tool("umoci", "config", "--image", image, "--architecture", machine, *options)


def by_skopeo(layout, to):
    """The same as skopeo copies it, to "docker-archive:PATH:NAME:TAG" or what else it knows."""
    tool("skopeo", "copy", "--insecure-policy", f"oci:{layout}:made", to)
