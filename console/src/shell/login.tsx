import Alert from "@cloudscape-design/components/alert";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Form from "@cloudscape-design/components/form";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { logIn } from "../api/session";
import { words } from "../words";

/** Where requests need a key, pages need it, too: it is sent once, and a cookie stands for it then. */
export function Login() {
  const queries = useQueryClient();
  const [accessKeyId, name] = useState("");
  const [secretAccessKey, prove] = useState("");
  const [refused, refuse] = useState<string | null>(null);
  const [isSending, sending] = useState(false);
  const send = async () => {
    sending(true);
    refuse(null);
    try {
      await logIn({ accessKeyId, secretAccessKey });
      await queries.resetQueries();
    } catch (error) {
      refuse(error instanceof Error ? error.message : String(error));
    } finally {
      sending(false);
    }
  };
  return (
    <div className="page login">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void send();
        }}
      >
        <Form
          actions={
            <Button variant="primary" loading={isSending} formAction="submit">
              {words.login.send}
            </Button>
          }
        >
          <Container header={<Header variant="h1">{words.login.title}</Header>}>
            <SpaceBetween size="l">
              <p>{words.login.text}</p>
              {refused && <Alert type="error">{refused}</Alert>}
              <FormField label={words.login.key}>
                <Input
                  value={accessKeyId}
                  onChange={({ detail }) => name(detail.value)}
                  autoComplete="username"
                  autoFocus
                />
              </FormField>
              <FormField label={words.login.secret}>
                <Input
                  type="password"
                  value={secretAccessKey}
                  onChange={({ detail }) => prove(detail.value)}
                  autoComplete="current-password"
                />
              </FormField>
            </SpaceBetween>
          </Container>
        </Form>
      </form>
    </div>
  );
}
