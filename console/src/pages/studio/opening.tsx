import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useEffect } from "react";
import { Broken, Loading } from "../../shell/broken";
import { NotThere } from "../../shell/failures";
import type { Home } from "../../studio/keeping/home";
import { type Opened, opened } from "../../studio/keeping/opening";

interface Props {
  home: Home;
  readOnly?: string | null;
  /** Said if there is no such thing. */
  missing: string;
  /** Done once it is open. */
  begin?: (opened: Opened) => void;
  children: (opened: Opened) => ReactNode;
}

/** Opens a text, anew with each visit of its page. */
export function Opening({ home, readOnly = null, missing, begin, children }: Props) {
  const { data, error } = useQuery({
    queryKey: ["opened", home.key, readOnly],
    queryFn: () => opened(home, readOnly),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  });
  useEffect(() => {
    if (data) begin?.(data);
  }, [data, begin]);
  if (error) return <Broken error={error} />;
  if (data === null) return <Broken error={new NotThere(missing)} />;
  return data ? children(data) : <Loading />;
}
