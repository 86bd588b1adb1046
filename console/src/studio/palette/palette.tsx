/** What can be added: dragged to a place of the picture, or chosen for the place that was asked for. */
import Button from "@cloudscape-design/components/button";
import { useQuery } from "@tanstack/react-query";
import { type PointerEvent, type ReactNode, useContext, useEffect, useRef, useState } from "react";
import type { Blueprint, Offer, Resources } from "../../api/generated/console";
import { resources } from "../../api/resources";
import { actions, blueprints } from "../../api/studio";
import { Glyph } from "../../canvas/glyphs";
import type { Where } from "../../document";
import { placeFor } from "../../editing/keys";
import { useSession } from "../../editing/use_session";
import { words } from "../../words";
import { DraggingContext } from "../picture/context";
import { added, type New } from "../picture/drops";
import { bring } from "./bringing";
import { FLOW } from "./flow";
import "./palette.css";

const MOST_SERVICES = 8;
const MOST_OFFERS = 60;

/** `place`: where the next one comes to stand; null: behind what is chosen. */
export function Palette({ place, asked }: { place: Where | null; asked: number }) {
  const { session, now, wish } = useSession();
  const [wanted, want] = useState("");
  const [service, open] = useState<string | null>(null);
  const { data } = useQuery(resources);
  const { data: ofService } = useQuery(actions(service));
  const { data: patterns } = useQuery(blueprints);
  const search = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (asked > 0) search.current?.focus();
  }, [asked]);

  const choose = (item: New) => {
    const { document, graph, selected } = session.snapshot();
    const where = place ?? placeFor(document, graph, selected);
    void bring(session, item, (text, begun) => added(text, where, item, begun, null)).then((done) => {
      if (done) wish(null);
    });
  };
  const has = (...texts: (string | undefined)[]) =>
    texts.some((text) => text?.toLowerCase().includes(wanted.trim().toLowerCase()));
  const flow = Object.keys(FLOW).filter((type) => has(type, words.studio.flow[type]));
  const offers = offersOf(service === null ? data : ofService, has);
  const found = (patterns?.blueprints ?? []).filter(({ title, description }) => has(title, description));
  const services =
    wanted.trim().length > 1 && service === null ? (data?.services ?? []).filter((each) => has(each)) : [];
  const first = [...flow.map(flowOf), ...offers.map(offerOf), ...found.map(patternOf)][0];
  const isClosed = now.readOnly !== null || now.broken !== null;

  return (
    <aside className="palette" aria-label={words.studio.palette}>
      <input
        ref={search}
        type="search"
        value={wanted}
        placeholder={words.studio.find}
        aria-label={words.studio.find}
        onChange={({ target }) => want(target.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter" && first && !isClosed) choose(first);
          if (event.key !== "Escape" && event.key !== "Enter") return;
          want("");
          wish(null);
        }}
      />
      {place && (
        <p className="place" role="status">
          {words.studio.chooseFor}
          <Button variant="inline-link" onClick={() => wish(null)}>
            {words.studio.cancel}
          </Button>
        </p>
      )}
      {/* What scrolls is reached by Tab, also where nothing in it can be chosen. */}
      <div className="offers" tabIndex={isClosed ? 0 : undefined}>
        {service !== null && (
          <Button iconName="arrow-left" variant="inline-link" onClick={() => open(null)}>
            {words.studio.allActions}
          </Button>
        )}
        {service === null && flow.length > 0 && (
          <Group title={words.studio.flowTitle}>
            {flow.map((type) => (
              <Entry
                key={type}
                item={flowOf(type)}
                glyph={type}
                name={type}
                help={words.studio.flow[type]}
                isClosed={isClosed}
                onChoose={choose}
              />
            ))}
          </Group>
        )}
        {offers.length > 0 && (
          <Group title={service === null ? words.studio.actions : words.studio.actionsOf(service)}>
            {offers.slice(0, MOST_OFFERS).map((offer) => (
              <Entry
                key={offer.resource}
                item={offerOf(offer)}
                glyph="Task"
                name={offer.title}
                help={offer.help ?? offer.resource}
                isClosed={isClosed}
                onChoose={choose}
              />
            ))}
            {offers.length > MOST_OFFERS && (
              <li className="more">{words.studio.moreOffers(offers.length - MOST_OFFERS)}</li>
            )}
          </Group>
        )}
        {services.length > 0 && (
          <Group title={words.studio.services}>
            {services.slice(0, MOST_SERVICES).map((each) => (
              <li key={each}>
                <button type="button" className="entry" onClick={() => open(each)}>
                  <Glyph type="Map" />
                  <span>{each}</span>
                </button>
              </li>
            ))}
          </Group>
        )}
        {service === null && found.length > 0 && (
          <Group title={words.studio.patterns}>
            {found.map((each) => (
              <Entry
                key={each.name}
                item={patternOf(each)}
                glyph="Parallel"
                name={each.title}
                help={each.description}
                isClosed={isClosed}
                onChoose={choose}
              />
            ))}
          </Group>
        )}
        {flow.length + offers.length + services.length + found.length === 0 && (
          <p className="nothing">{words.studio.nothingFound}</p>
        )}
      </div>
    </aside>
  );
}

const flowOf = (type: string): New => ({ kind: "flow", type });
const offerOf = (offer: Offer): New => ({ kind: "resource", offer });
const patternOf = ({ title, definition }: Blueprint): New => ({ kind: "text", name: title, text: definition });

function offersOf(of: Resources | undefined, has: (...texts: (string | undefined)[]) => boolean): Offer[] {
  return (of?.offers ?? []).filter(
    ({ title, resource, help, patterns }) => patterns.length > 0 && has(title, resource, help),
  );
}

const Group = ({ title, children }: { title: string; children: ReactNode }) => (
  <section>
    <h3>{title}</h3>
    <ul>{children}</ul>
  </section>
);

interface EntryProps {
  item: New;
  glyph: string;
  name: string;
  help: string | undefined;
  isClosed: boolean;
  onChoose: (item: New) => void;
}

function Entry({ item, glyph, name, help, isClosed, onChoose }: EntryProps) {
  const dragging = useContext(DraggingContext);
  const down = (event: PointerEvent) => {
    if (!isClosed) dragging.begin(item, event);
  };
  const choose = () => {
    if (!isClosed) onChoose(item);
  };
  return (
    <li>
      <button
        type="button"
        className="entry"
        title={help}
        // Not `disabled`: what there is can be read with the keyboard, too.
        aria-disabled={isClosed}
        onPointerDown={down}
        onClick={choose}
      >
        <Glyph type={glyph} />
        <span>{name}</span>
      </button>
    </li>
  );
}
