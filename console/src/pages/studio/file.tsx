import { useSearch } from "@tanstack/react-router";
import { useMemo } from "react";
import { filesPath } from "../../paths";
import { useHere } from "../../shell/here";
import { useTitle } from "../../shell/title";
import { fileHome } from "../../studio/keeping/home";
import { Kept } from "../../studio/keeping/keeping";
import { words } from "../../words";
import { Opening } from "./opening";

/** A file of a checkout in Studio. */
export function EditFile() {
  const { namespace } = useHere();
  const { path } = useSearch({ from: "/$namespace/files/edit" });
  useTitle(path);
  const home = useMemo(() => fileHome(path), [path]);
  return (
    <Opening key={path} home={home} missing={words.files.gone}>
      {(opened) => (
        <Kept
          home={home}
          opened={opened}
          machine={null}
          title={path}
          up={{ href: filesPath(namespace), text: words.pages.files }}
        />
      )}
    </Opening>
  );
}
