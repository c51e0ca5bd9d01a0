import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { shownText } from '#apps/shown-text'
import { ConfirmDialog } from './confirm-dialog.tsx'
import { EffectFacts, Fact, Names } from './decision-facts.tsx'
import { EmptyState, LoadingRows } from './empty-state.tsx'
import { formatQuantity, formatRelative, formatTime } from './format.ts'
import { Icon } from './icon.tsx'
import type { Unit } from './ledger-types.ts'
import { problemOf } from './node-client.ts'
import { useAction, useNode } from './node-context.ts'
import type { Kits, Member, Problem, Proposal, Recoveries, Seal, Status } from './node-types.ts'
import { ProblemNote, sentence } from './problem-note.tsx'
import { ProposeForm } from './propose-form.tsx'
import { RecoveryCard } from './recovery-card.tsx'
import { RecoveryPanel } from './recovery-panel.tsx'
import { ReplaceRisk } from './replace-risk.tsx'
import { SectionTitle } from './section-title.tsx'

/** What is to be decided, and what was. */
export function DecisionsSection(props: {
  status: Status
  members: readonly Member[]
  units: readonly Unit[]
}): JSX.Element {
  const { client } = useNode()
  const { status, members } = props
  const [proposals, setProposals] = useState<Proposal[] | null>(null)
  const [seals, setSeals] = useState<Seal[]>([])
  const [recovery, setRecovery] = useState<{ recoveries: Recoveries; kits: Kits } | null>(null)
  const [problem, setProblem] = useState<Problem | null>(null)
  // Any commit may be a proposal, or what a steward says of one.
  useEffect(() => {
    let isShown = true
    Promise.all([client.proposals(), client.seals(), client.recoveries(), client.kits()]).then(
      ([open, line, recoveries, kits]) => {
        if (!isShown) return
        setRecovery({ recoveries, kits })
        setProblem(null)
        setProposals(open)
        setSeals(line)
      },
      (thrown: unknown) => isShown && setProblem(problemOf(thrown)),
    )
    return () => {
      isShown = false
    }
  }, [client, status.commits])
  const replace = (changed: Proposal): void =>
    setProposals(
      (known) =>
        known?.map((it) => (it.id === changed.id ? changed : it)).filter((it) => it.state !== 'decided') ??
        null,
    )
  const isSigner = status.authority?.stewards.some((it) => it.device === status.device) ?? false
  const isOut = status.standing?.status === 'closed' || status.standing?.status === 'left'
  return (
    <>
      <SectionTitle
        title="Decisions"
        summary={proposals === null ? '' : formatQuantity(proposals.length, 'open proposal')}
      />
      {status.authority !== null && (
        <p class="lead">
          Stewards decide: <Names of={status.authority.stewards} />. {status.authority.quorum} of{' '}
          {status.authority.stewards.length} must agree.
        </p>
      )}
      <ProblemNote problem={problem} />
      {proposals === null && problem === null && <LoadingRows what="decisions" />}
      {recovery !== null && recovery.recoveries.running.length > 0 && (
        <ul class="plain stack" data-testid="recoveries">
          {recovery.recoveries.running.map((it) => (
            <RecoveryCard key={it.id} recovery={it} recoveries={recovery.recoveries} isSigner={isSigner} />
          ))}
        </ul>
      )}
      {proposals?.length === 0 && (
        <EmptyState icon="decisions" title="Nothing is to be decided">
          Any member can ask for a decision, below.
        </EmptyState>
      )}
      {proposals !== null && proposals.length > 0 && (
        <ul class="plain stack" data-testid="proposals">
          {proposals.map((proposal) => (
            <ProposalCard key={proposal.id} proposal={proposal} onChanged={replace} />
          ))}
        </ul>
      )}
      {proposals !== null && !isOut && status.role !== 'observer' && (
        <details class="card more" data-testid="ask">
          <summary>Ask for a decision</summary>
          <ProposeForm status={status} members={members} units={props.units} />
        </details>
      )}
      {recovery !== null && !isOut && (
        <RecoveryPanel recoveries={recovery.recoveries} kits={recovery.kits} members={members} />
      )}
      {seals.length > 0 && <Past seals={seals} />}
    </>
  )
}

function ProposalCard(props: { proposal: Proposal; onChanged: (after: Proposal) => void }): JSX.Element {
  const { proposal } = props
  const { approved, declined, missing, quorum } = proposal
  const titleId = `proposal-${proposal.id}`
  return (
    <li class="card proposal" data-testid="proposal" aria-labelledby={titleId}>
      <h2 id={titleId}>
        {proposal.changes.map((change, i) => (
          <bdi class="proposal-change" key={i}>
            {sentence(change.text)}
          </bdi>
        ))}
      </h2>
      <p class="muted">
        Asked by <bdi>{shownText(`${proposal.by.name}/${proposal.by.deviceName}`)}</bdi> ·{' '}
        <code>{proposal.id.slice(0, 8)}</code>
      </p>
      <p class="breakable">{proposal.reason === '' ? 'No reason given.' : <>“{proposal.reason}”</>}</p>
      <dl class="facts">
        <Fact name="Approved">
          {approved.length} of {quorum} needed
          {approved.length > 0 && (
            <>
              : <Names of={approved} />
            </>
          )}
        </Fact>
        {declined.length > 0 && (
          <Fact name="Declined">
            <Names of={declined} />
          </Fact>
        )}
        {missing.length > 0 && (
          <Fact name="Missing">
            <Names of={missing} />
          </Fact>
        )}
        {proposal.effect !== null && <EffectFacts effect={proposal.effect} />}
      </dl>
      {proposal.changes.some((it) => it.kind === 'replace') && <ReplaceRisk />}
      {proposal.misfit !== null && (
        <p class="note note-warning">
          <Icon name="warning" />
          <span>It does not fit what is decided by now: {sentence(proposal.misfit)}</span>
        </p>
      )}
      {proposal.state === 'approved' && (
        <p role="status">A quorum agrees. It takes effect as soon as the stewards’ devices are in touch.</p>
      )}
      {proposal.canSign && <Say proposal={proposal} onChanged={props.onChanged} />}
    </li>
  )
}

/** What this device's steward says of a proposal. */
function Say(props: { proposal: Proposal; onChanged: (after: Proposal) => void }): JSX.Element {
  const { client, announce, refresh } = useNode()
  const { proposal } = props
  const [isAsking, setAsking] = useState(false)
  const say = useAction(async (will: 'sign' | 'decline') => {
    const after = await client.say(will, proposal.id)
    setAsking(false)
    announce(will === 'decline' ? 'Declined' : after.state === 'decided' ? 'Signed and decided' : 'Signed')
    props.onChanged(after)
    refresh(['members'])
  })
  return (
    <>
      {!isAsking && <ProblemNote problem={say.problem} />}
      {proposal.own !== null && (
        <p class="muted">You {proposal.own === 'approved' ? 'approved of it' : 'declined it'}.</p>
      )}
      <div class="actions">
        {proposal.own !== 'approved' && (
          <button
            type="button"
            class="button button-primary"
            data-testid="proposal-sign"
            onClick={() => setAsking(true)}
          >
            <Icon name="check" />
            Sign
          </button>
        )}
        {proposal.own !== 'declined' && (
          <button
            type="button"
            class="button"
            aria-disabled={say.isBusy}
            data-testid="proposal-decline"
            onClick={() => say.run('decline')}
          >
            <Icon name="close" />
            Decline
          </button>
        )}
      </div>
      {isAsking && (
        <ConfirmDialog
          title="Sign this decision?"
          confirmLabel="Sign"
          isBusy={say.isBusy}
          problem={say.problem}
          onConfirm={() => say.run('sign')}
          onClose={() => setAsking(false)}
        >
          <ul>
            {proposal.changes.map((change, i) => (
              <li key={i}>
                <bdi>{sentence(change.text)}</bdi>
              </li>
            ))}
          </ul>
          <p>Once {proposal.quorum} stewards have signed, it takes effect and cannot be taken back.</p>
        </ConfirmDialog>
      )}
    </>
  )
}

const KIND_TEXT: Readonly<Record<Seal['kind'], string>> = {
  founding: 'The co-op was founded',
  decision: 'A decision',
  bare: 'What was written so far was made final',
  recovery: 'Members recovered the co-op',
}

function Past({ seals }: { seals: Seal[] }): JSX.Element {
  const nowMs = Date.now()
  return (
    <section aria-labelledby="past-decisions">
      <h2 id="past-decisions" class="subtitle">
        Decided
      </h2>
      <ul class="plain rows" data-testid="seals">
        {seals.map((seal) => (
          <li class="row" key={seal.id}>
            <span class="row-main">
              <span class="row-title breakable">
                {seal.kind === 'recovery' && `${KIND_TEXT.recovery}. `}
                {(seal.decided ?? seal.recovered)?.changes.map((it) => sentence(it.text)).join(' ') ??
                  KIND_TEXT[seal.kind]}
              </span>
              <span class="muted breakable">
                Seal {seal.height}
                {seal.signedBy.length > 0 && (
                  <>
                    {' · signed by '}
                    <Names of={seal.signedBy} />
                  </>
                )}
                {seal.recovered !== null && seal.recovered.voices.length > 0 && (
                  <>
                    {' · with the voices of '}
                    <Names of={seal.recovered.voices} />
                  </>
                )}
                {seal.sealedAtMs !== null && (
                  <>
                    {' · '}
                    <time
                      dateTime={new Date(seal.sealedAtMs).toISOString()}
                      title={formatTime(seal.sealedAtMs)}
                    >
                      {formatRelative(seal.sealedAtMs, nowMs)}
                    </time>
                  </>
                )}
                {seal.decided !== null && seal.decided.reason !== '' && ` · “${seal.decided.reason}”`}
              </span>
            </span>
          </li>
        ))}
      </ul>
    </section>
  )
}
