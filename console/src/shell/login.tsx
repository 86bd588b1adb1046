import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { address } from "../api/client";
import type { Credentials, Me } from "../api/generated/console";
import { logIn } from "../api/session";
import { words } from "../words";
import { useTitle } from "./title";

/** Where requests need a key or a token, pages need it, too: it is sent once, and a cookie stands for it then. `hasEnded`: there
 * was a session, whose page waits. */
export function Login({ by, hasEnded }: { by: Me["login"]; hasEnded: boolean }) {
  useTitle(words.login.title);
  useEffect(() => {
    if (!hasEnded) return;
    // It has come in the place of a page that somebody was at work in, wherever that one was.
    scrollTo(0, 0);
    document.getElementById("content")?.focus({ preventScroll: true });
  }, [hasEnded]);
  return (
    <div className="page login">
      {hasEnded && (
        <Alert type="info" header={words.login.ended}>
          {words.login.endedText}
        </Alert>
      )}
      {word === "out" && !hasEnded && <LoggedOut by={by} />}
      {by === "oidc" && <AtProvider isElsewhere={hasEnded} />}
      {by === "accessKey" ? <ByKey /> : <ByToken title={by === "oidc" ? words.login.orToken : words.login.title} />}
    </div>
  );
}

/** What the server says of a login that led nowhere: by a word in the address, as other words may be anybody's. It is read when
 * the console begins, before it goes on to a page. */
const problems: Record<string, string> = words.login.problems;
const word = new URLSearchParams(window.location.search).get("login") ?? "";
const problem = Object.hasOwn(problems, word) ? problems[word] : undefined;

/** Whoever has logged out here may still be logged in at the provider. */
const LoggedOut = ({ by }: { by: Me["login"] }) => (
  <Alert
    type="success"
    header={words.login.out}
    action={by === "oidc" && <Button href={address("oidc/logout")}>{words.login.outThere}</Button>}
  >
    {by === "oidc" && words.login.outText}
  </Alert>
);

/** `isElsewhere`: in another tab, since this one has something to lose. */
function AtProvider({ isElsewhere }: { isElsewhere: boolean }) {
  const asked = new URL(window.location.href);
  asked.searchParams.delete("login");
  const next = asked.pathname + asked.search;
  return (
    <Container header={<Header variant="h1">{words.login.title}</Header>}>
      <SpaceBetween size="l">
        {problem && !isElsewhere && <Alert type="error">{problem}</Alert>}
        <p>{isElsewhere ? words.login.inAnotherTab : words.login.atProvider}</p>
        <Button
          variant="primary"
          href={address("oidc/login", { next })}
          {...(isElsewhere ? { target: "_blank", iconName: "external" as const } : {})}
        >
          {words.login.send}
        </Button>
      </SpaceBetween>
    </Container>
  );
}

function ByKey() {
  const [accessKeyId, name] = useState("");
  const [secretAccessKey, prove] = useState("");
  return (
    <Shown title={words.login.title} credentials={{ accessKeyId, secretAccessKey }} isMain>
      <p>{words.login.text}</p>
      <FormField label={words.login.key}>
        <Input value={accessKeyId} onChange={({ detail }) => name(detail.value)} autoComplete="username" autoFocus />
      </FormField>
      <FormField label={words.login.secret}>
        <Input
          type="password"
          value={secretAccessKey}
          onChange={({ detail }) => prove(detail.value)}
          autoComplete="current-password"
        />
      </FormField>
    </Shown>
  );
}

function ByToken({ title }: { title: string }) {
  const [token, prove] = useState("");
  return (
    <Shown title={title} credentials={{ token }} isMain={title === words.login.title}>
      <div>
        <p>{words.login.tokenText}</p>
        <Box variant="code" display="block">
          {words.login.tokenCommand}
        </Box>
      </div>
      <FormField label={words.login.token}>
        <Input type="password" value={token} onChange={({ detail }) => prove(detail.value)} autoComplete="off" />
      </FormField>
    </Shown>
  );
}

interface ShownProps {
  title: string;
  credentials: Credentials;
  isMain: boolean;
  children: React.ReactNode;
}

/** A form whose content is shown to the server. */
function Shown({ title, credentials, isMain, children }: ShownProps) {
  const queries = useQueryClient();
  const [refused, refuse] = useState<string | null>(null);
  const [isSending, sending] = useState(false);
  const send = async () => {
    sending(true);
    refuse(null);
    try {
      await logIn(credentials);
      await queries.invalidateQueries();
    } catch (error) {
      refuse(error instanceof Error ? error.message : String(error));
    } finally {
      sending(false);
    }
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      <Container header={<Header variant={isMain ? "h1" : "h2"}>{title}</Header>}>
        <SpaceBetween size="l">
          {children}
          {refused && (
            <div role="alert">
              <Alert type="error">{refused}</Alert>
            </div>
          )}
          <Button variant={isMain ? "primary" : "normal"} loading={isSending} formAction="submit">
            {isMain ? words.login.send : words.login.sendToken}
          </Button>
        </SpaceBetween>
      </Container>
    </form>
  );
}
