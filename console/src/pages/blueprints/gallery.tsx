import Button from "@cloudscape-design/components/button";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useMemo } from "react";
import type { Blueprint } from "../../api/generated/console";
import { blueprints } from "../../api/studio";
import { Canvas } from "../../canvas/canvas";
import { JsonView } from "../../data/json_view";
import { open } from "../../document";
import { graphOf } from "../../graph/of_definition";
import { newPath } from "../../paths";
import { useFollow } from "../../shell/anchor";
import { Broken, Loading } from "../../shell/broken";
import { useHere } from "../../shell/here";
import { useTitle } from "../../shell/title";
import { words } from "../../words";
import "./gallery.css";

/** Workflows to begin with, and what one of them is. */
export function Gallery() {
  useTitle(words.pages.blueprints);
  const follow = useFollow();
  const { blueprint } = useSearch({ from: "/blueprints" });
  const navigate = useNavigate({ from: "/blueprints" });
  const { data, error } = useQuery(blueprints);
  const { namespace } = useHere();
  if (error) return <Broken error={error} />;
  if (!data) return <Loading />;
  const chosen = data.blueprints.find(({ name }) => name === blueprint) ?? data.blueprints[0];
  return (
    <div className="gallery">
      <div className="list">
        <header>
          <h1>{words.blueprints.title}</h1>
          <p>{words.blueprints.text}</p>
        </header>
        <ul aria-label={words.blueprints.list}>
          {data.blueprints.map((each) => (
            <li key={each.name}>
              <button
                type="button"
                aria-current={each.name === chosen?.name}
                onClick={() => void navigate({ search: { blueprint: each.name }, replace: true })}
              >
                <strong>{each.title}</strong>
                <span>{each.description}</span>
                <small>
                  {each.needs.length === 0
                    ? words.blueprints.runsAtOnce
                    : words.blueprints.needsSome(each.needs.length)}
                </small>
              </button>
            </li>
          ))}
        </ul>
        <p className="nothing">
          <Button href={newPath(namespace)} onFollow={follow}>
            {words.blueprints.empty}
          </Button>
        </p>
      </div>
      {chosen && <Chosen key={chosen.name} blueprint={chosen} namespace={namespace} />}
    </div>
  );
}

function Chosen({ blueprint, namespace }: { blueprint: Blueprint; namespace: string }) {
  const { name, title, description, shows, needs, input, definition } = blueprint;
  const follow = useFollow();
  const graph = useMemo(() => graphOf(open(definition).definition), [definition]);
  return (
    <section className="chosen" aria-label={title}>
      <header>
        <div>
          <h2>{title}</h2>
          <p>{description}</p>
        </div>
        <Button variant="primary" href={newPath(namespace, name)} onFollow={follow}>
          {words.blueprints.use}
        </Button>
      </header>
      <div className="drawn">
        <Canvas graph={graph} />
      </div>
      <dl>
        <div>
          <dt>{words.blueprints.shows}</dt>
          <dd>{shows.join(", ")}</dd>
        </div>
        <div>
          <dt>{words.blueprints.needs}</dt>
          <dd>{needs.length === 0 ? words.blueprints.needsNothing : needs.join("; ")}</dd>
        </div>
        <div>
          <dt>{words.blueprints.input}</dt>
          <dd>
            <JsonView text={input} label={words.blueprints.input} />
          </dd>
        </div>
      </dl>
    </section>
  );
}
