import type { JSX } from 'preact'
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { shownText } from '#apps/shown-text'
import { AssetsSection } from './assets-section.tsx'
import { BoardsSection } from './boards-section.tsx'
import { CoopMark } from './coop-mark.tsx'
import { DecisionsSection } from './decisions-section.tsx'
import { DocumentsSection } from './documents-section.tsx'
import { formatQuantity } from './format.ts'
import { Icon } from './icon.tsx'
import { LedgerSection } from './ledger-section.tsx'
import type { Snapshot } from './live-state.ts'
import { MembersSection } from './members-section.tsx'
import { MeshControl } from './mesh-control.tsx'
import { NewKeyForm } from './new-key-form.tsx'
import { useNode } from './node-context.ts'
import type { Problem, Status, Topic } from './node-types.ts'
import { PeersSection } from './peers-section.tsx'
import { sentence } from './problem-note.tsx'
import { ROLE_TEXT } from './role-text.ts'
import type { Route, Section } from './route.ts'
import { SECTIONS, readRoute, routeAddress } from './route.ts'
import { TokensSection } from './tokens-section.tsx'
import { useUploads } from './upload-queue.ts'

const SECTION_TEXT: Readonly<Record<Section, string>> = {
  members: 'Members',
  decisions: 'Decisions',
  ledger: 'Ledger',
  assets: 'Assets',
  boards: 'Boards',
  peers: 'Peers',
  documents: 'Documents',
  tokens: 'Access',
}

/** What is loaded anew when people go to a section. Decisions and tokens load themselves. */
const TOPIC_OF: Readonly<Record<Section, Topic>> = {
  ...{ members: 'members', assets: 'assets', boards: 'boards', peers: 'peers', ledger: 'ledger' },
  ...{ decisions: 'members', documents: 'status', tokens: 'status' },
}

/** The page of a device that is in a co-op. */
export function Dashboard({ snapshot, status }: { snapshot: Snapshot; status: Status }): JSX.Element {
  const route = useRoute()
  const node = useNode()
  const queue = useUploads(node)
  // Events do not tell of every figure that a section shows, such as changes made by a device.
  useEffect(() => node.refresh([TOPIC_OF[route.section]]), [route.section])
  const place = route.section === 'boards' ? (route.detail ?? 'Boards') : SECTION_TEXT[route.section]
  useEffect(() => {
    document.title = `${place} · ${status.name ?? 'Coopmesh'}`
  }, [place, status.name])
  return (
    <div class="shell">
      <a class="skip" href="#main" onClick={skipToMain}>
        Skip to the content
      </a>
      <Header status={status} />
      <Nav snapshot={snapshot} current={route.section} />
      <main id="main" class="main">
        <Pending status={status} isHere={route.section === 'decisions'} />
        <Warnings warnings={status.warnings} />
        {status.warnings.some((it) => it.code === 'key-superseded') && <NewKeyForm />}
        {route.section === 'members' && <MembersSection status={status} members={snapshot.members} />}
        {route.section === 'decisions' && (
          <DecisionsSection
            status={status}
            members={snapshot.members?.members ?? []}
            units={snapshot.ledger?.units ?? []}
          />
        )}
        {route.section === 'ledger' && (
          <LedgerSection status={status} members={snapshot.members} ledger={snapshot.ledger} route={route} />
        )}
        {route.section === 'assets' && (
          <AssetsSection status={status} assets={snapshot.assets} members={snapshot.members} queue={queue} />
        )}
        {route.section === 'boards' && (
          <BoardsSection
            status={status}
            boards={snapshot.boards}
            board={route.detail}
            isAway={snapshot.link === 'away'}
          />
        )}
        {route.section === 'peers' && <PeersSection status={status} peers={snapshot.peers} />}
        {route.section === 'documents' && <DocumentsSection status={status} />}
        {route.section === 'tokens' && <TokensSection />}
      </main>
    </div>
  )
}

function Header({ status }: { status: Status }): JSX.Element {
  return (
    <header class="header">
      <CoopMark coop={status.coop ?? ''} />
      <div class="header-names">
        <p class="coop-name">
          <bdi>{status.name === null ? null : shownText(status.name)}</bdi>
        </p>
        <p class="muted header-device">
          <bdi>{status.deviceName ?? 'this device'}</bdi>
          {status.role !== null && (
            <span class={`badge role-${status.role}`} title={ROLE_TEXT[status.role].meaning}>
              {ROLE_TEXT[status.role].name}
            </span>
          )}
        </p>
      </div>
      <a href="/events" class="button header-events" data-testid="to-events">
        <Icon name="events" />
        Events
      </a>
      <MeshControl status={status} />
    </header>
  )
}

function Nav({ snapshot, current }: { snapshot: Snapshot; current: Section }): JSX.Element {
  const counts: Record<Section, number | undefined> = {
    members: snapshot.members?.members.length,
    decisions: snapshot.status?.authority?.pending || undefined,
    ledger: snapshot.ledger?.units.length,
    assets: snapshot.assets?.length,
    boards: snapshot.boards?.length,
    peers: snapshot.peers?.length,
    documents: Object.keys(snapshot.status?.documents ?? {}).length,
    tokens: undefined,
  }
  return (
    <nav class="nav" aria-label="Sections">
      <ul class="plain">
        {SECTIONS.map((section) => (
          <li key={section}>
            <a
              href={routeAddress(section)}
              aria-current={section === current ? 'page' : undefined}
              data-testid={`nav-${section}`}
            >
              <Icon name={section} />
              <span class="nav-text">{SECTION_TEXT[section]}</span>
              <span class="nav-count" aria-hidden="true">
                {counts[section] ?? ''}
              </span>
            </a>
          </li>
        ))}
      </ul>
    </nav>
  )
}

/** Open decisions, noticed wherever people are. */
function Pending({ status, isHere }: { status: Status; isHere: boolean }): JSX.Element {
  const { pending, waiting } = status.authority ?? { pending: 0, waiting: 0 }
  return (
    <div role="status" class="warnings">
      {pending > 0 && !isHere && (
        <div class="note note-news" data-testid="pending">
          <Icon name="decisions" />
          <div>
            <p class="note-title">
              {waiting > 0
                ? `${formatQuantity(waiting, 'decision')} ${waiting === 1 ? 'waits' : 'wait'} for you.`
                : `${formatQuantity(pending, 'decision')} ${pending === 1 ? 'is' : 'are'} open.`}
            </p>
            <p>
              <a href={routeAddress('decisions')}>Read {pending === 1 ? 'it' : 'them'}</a>
            </p>
          </div>
        </div>
      )}
    </div>
  )
}

function Warnings({ warnings }: { warnings: Problem[] }): JSX.Element {
  return (
    <div role="status" class="warnings">
      {warnings.map((warning) => (
        <div class="note note-warning" key={`${warning.code} ${warning.message}`}>
          <Icon name="warning" />
          <div>
            <p class="note-title">{sentence(warning.message)}</p>
            <p>{warning.next}</p>
          </div>
        </div>
      ))}
    </div>
  )
}

/** The route of the address; going elsewhere moves the focus to the new heading. */
function useRoute(): Route {
  const [route, setRoute] = useState(() => readRoute(location.hash))
  const isFirst = useRef(true)
  useEffect(() => {
    const read = (): void => setRoute(readRoute(location.hash))
    addEventListener('hashchange', read)
    return () => removeEventListener('hashchange', read)
  }, [])
  // With the drawing, not after it: whoever types on at once would lose the focus again.
  useLayoutEffect(() => {
    if (isFirst.current) {
      isFirst.current = false
      return
    }
    scrollTo(0, 0)
    document.getElementById('section-title')?.focus()
  }, [route.section, route.detail])
  return route
}

/** By hand, because the fragment of the address is the route. */
function skipToMain(event: Event): void {
  event.preventDefault()
  document.getElementById('section-title')?.focus()
}
