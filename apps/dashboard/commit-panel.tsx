import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { shownText } from '#apps/shown-text'
import { ShortId } from './copy-button.tsx'
import { Fact } from './decision-facts.tsx'
import { LoadingRows } from './empty-state.tsx'
import { EntryRow } from './entry-row.tsx'
import { formatQuantity, formatTime, shortenId } from './format.ts'
import { Icon } from './icon.tsx'
import type { Commit, CommitChecks, CommitDevice, Entry } from './ledger-types.ts'
import { problemOf } from './node-client.ts'
import { useAction, useNode } from './node-context.ts'
import type { Problem } from './node-types.ts'
import { ProblemNote } from './problem-note.tsx'
import { commitAddress, routeAddress } from './route.ts'
import { SectionTitle } from './section-title.tsx'

/** Entries of one commit, at most, as the node gives them. */
const ROWS_MAX = 500

/** A commit that proves something: who signed it, what it says, who has it, and a check of its bytes. */
export function CommitPanel({ id }: { id: string }): JSX.Element {
  const { client } = useNode()
  const [commit, setCommit] = useState<Commit | null>(null)
  const [entries, setEntries] = useState<Entry[]>([])
  const [problem, setProblem] = useState<Problem | null>(null)
  useEffect(() => {
    let isShown = true
    const load = async (): Promise<void> => {
      const commit = await client.books.commit(id)
      const hasEntries = commit.sections.some((it) => it.document === 'ledger')
      const page = hasEntries ? await client.books.history({}, commit.order + 1, 1) : { entries: [] }
      if (!isShown) return
      setCommit(commit)
      setEntries(page.entries.filter((it) => it.commit === commit.id).slice(0, ROWS_MAX))
    }
    load().catch((thrown: unknown) => isShown && setProblem(problemOf(thrown)))
    return () => {
      isShown = false
    }
  }, [client, id])
  return (
    <>
      <div class="board-title">
        <a
          class="button icon-button"
          href={routeAddress('ledger', 'history')}
          aria-label="History of the ledger"
          title="History of the ledger"
        >
          <Icon name="back" />
        </a>
        <SectionTitle title="Commit" summary={id.slice(0, 16)} />
      </div>
      <ProblemNote problem={problem} />
      {commit === null && problem === null && <LoadingRows what="the commit" />}
      {commit !== null && (
        <>
          {entries.length > 0 && (
            <ol class="plain rows" data-testid="commit-entries">
              {entries.map((it) => (
                <EntryRow key={it.index} entry={it} canTakeBack={false} />
              ))}
            </ol>
          )}
          <CommitFacts commit={commit} />
          <Check id={commit.id} />
        </>
      )}
    </>
  )
}

function CommitFacts({ commit }: { commit: Commit }): JSX.Element {
  return (
    <dl class="facts decision-facts" data-testid="commit">
      <Fact name="Id">
        <ShortId id={commit.id} what="the commit id" />
      </Fact>
      <Fact name="Signed by">
        <bdi>{deviceText(commit.author)}</bdi>, its change {commit.seq}
      </Fact>
      <Fact name="By its clock">{formatTime(commit.timeMs)}</Fact>
      <Fact name="Says">
        {commit.sections.length === 0
          ? 'only what it has seen'
          : commit.sections
              .map((it) => `${formatQuantity(it.entries, 'entry', 'entries')} in ${it.document}`)
              .join(', ')}
      </Fact>
      <Fact name="Known to">
        {commit.acknowledgedBy.length === 0
          ? 'no other device yet, as far as this one has heard'
          : commit.acknowledgedBy.map((it, i) => (
              <span key={it.device}>
                {i > 0 && ', '}
                <bdi>{deviceText(it)}</bdi>
              </span>
            ))}
      </Fact>
      {commit.forkedWith.map((id) => (
        <Fact name="Contradicted by" key={id}>
          <a href={commitAddress(id)}>
            <code>{id.slice(0, 16)}</code>
          </a>{' '}
          of the same device
        </Fact>
      ))}
      <Fact name="By command line">
        <code class="breakable">coop commit show {commit.id.slice(0, 12)}</code>
      </Fact>
    </dl>
  )
}

function deviceText({ device, member, name }: CommitDevice): string {
  return member === null || name === null ? shortenId(device) : shownText(`${member}/${name}`)
}

/** Has the node check the commit anew from its bytes. */
function Check({ id }: { id: string }): JSX.Element {
  const { client } = useNode()
  const [checks, setChecks] = useState<CommitChecks | null>(null)
  const check = useAction(async () => setChecks(await client.books.verify(id)))
  return (
    <section class="stack" aria-label="Check of the commit">
      <div class="actions actions-start">
        <button
          type="button"
          class="button"
          aria-disabled={check.isBusy}
          data-testid="commit-check"
          onClick={() => check.run()}
        >
          <Icon name="check" />
          Check it anew
        </button>
      </div>
      <ProblemNote problem={check.problem} />
      <div role="status" data-testid="commit-checks">
        {checks !== null && (
          <>
            <p class="note-title">
              {checks.isValid ? 'Every check that could be made holds.' : 'A check failed.'}
            </p>
            <ul class="plain checks breakable">
              {checks.checks.map((it, i) => (
                <li key={i} class={it.ok === false ? 'check-failed' : 'muted'}>
                  {it.ok === true ? '✓' : it.ok === false ? '✗' : '–'} {it.check}
                  {it.document === null ? '' : ` of ${it.document}`}
                  {it.why === '' ? '' : `: ${it.why}`}
                </li>
              ))}
            </ul>
          </>
        )}
      </div>
    </section>
  )
}
