/** Links that change the page without loading it, unless the person wants another tab. */
import { useRouter } from "@tanstack/react-router";
import type { AnchorHTMLAttributes, MouseEvent } from "react";
import { useCallback } from "react";

type Clicked = Pick<
  MouseEvent,
  "button" | "metaKey" | "ctrlKey" | "shiftKey" | "altKey" | "defaultPrevented" | "preventDefault"
>;

const isPlain = (event: Clicked) =>
  event.button === 0 && !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey || event.defaultPrevented);

export function Anchor({ href, ...rest }: AnchorHTMLAttributes<HTMLAnchorElement> & { href: string }) {
  const { history } = useRouter();
  return (
    <a
      {...rest}
      href={href}
      onClick={(event) => {
        if (!isPlain(event)) return;
        event.preventDefault();
        history.push(href);
      }}
    />
  );
}

/** For Cloudscape's links, which tell of a click before the browser follows it. */
export function useFollow(): (
  event: CustomEvent<{ href?: string | undefined; external?: boolean | undefined }>,
) => void {
  const { history } = useRouter();
  return useCallback(
    (event) => {
      if (!event.detail.href || event.detail.external) return;
      event.preventDefault();
      history.push(event.detail.href);
    },
    [history],
  );
}
