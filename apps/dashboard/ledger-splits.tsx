import type { JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { shownText } from '#apps/shown-text'
import { memberText } from './change-draft.ts'
import { EmptyState, LoadingRows } from './empty-state.tsx'
import { canWrite, nameIn, usualUnit } from './ledger-parts.ts'
import type { LedgerParts } from './ledger-parts.ts'
import { amountText, minorText, numberText } from './ledger-text.ts'
import type { SplitRule, Unit } from './ledger-types.ts'
import { problemOf } from './node-client.ts'
import { useNode } from './node-context.ts'
import type { Member, Problem } from './node-types.ts'
import { ProblemNote } from './problem-note.tsx'
import { routeAddress } from './route.ts'
import { draftOf, newParty, percentText } from './split-draft.ts'
import type { SplitDraft } from './split-draft.ts'
import { SplitForm } from './split-form.tsx'
import { SplitRuleForm } from './split-rule-form.tsx'

/** How revenue is shared out: the rules, an amount split by one, and a form that sets one. */
export function LedgerSplits(props: LedgerParts): JSX.Element {
  const { client } = useNode()
  const { ledger, members, status } = props
  const [rules, setRules] = useState<SplitRule[] | null>(null)
  const [problem, setProblem] = useState<Problem | null>(null)
  /** What the form starts from, and how often it has started: each time it is a new form. */
  const [start, setStart] = useState<{ draft: SplitDraft | null; count: number }>({ draft: null, count: 0 })
  const [isSetting, setSetting] = useState(false)
  const form = useRef<HTMLDetailsElement>(null)
  useEffect(() => {
    client.books.splits().then(setRules, (thrown: unknown) => setProblem(problemOf(thrown)))
  }, [client, ledger])
  const roster = members?.members ?? []
  const nameOf = nameIn(roster)
  const unit = usualUnit(ledger.units)
  const change = (rule: SplitRule): void => {
    if (unit === undefined) return
    setStart(({ count }) => ({ draft: draftOf(rule, unit), count: count + 1 }))
    setSetting(true)
    // The form is there only after this has been drawn.
    setTimeout(() => form.current?.querySelector<HTMLElement>('[data-testid="party-who"]')?.focus())
  }
  const first = roster.find((it) => it.member === status.member) ?? roster[0]
  const draft = start.draft ?? {
    ...{ id: '', unit: unit?.id ?? '', amount: '100' },
    parties: [newParty(0, first?.member ?? '')],
  }
  return (
    <>
      <ProblemNote problem={problem} />
      {rules === null && problem === null && <LoadingRows what="split rules" />}
      {rules?.length === 0 && (
        <EmptyState icon="ledger" title="No split rules yet">
          A rule says who gets which part of what is earned: by shares, percentages, fixed parts, or by what
          each has used.
        </EmptyState>
      )}
      {rules !== null && rules.length > 0 && (
        <>
          <ul class="plain units" data-testid="splits">
            {rules.map((rule) => (
              <RuleCard
                key={rule.id}
                rule={rule}
                unit={unit}
                nameOf={nameOf}
                {...(canWrite(status) ? { onChange: () => change(rule) } : {})}
              />
            ))}
          </ul>
          <SplitForm {...props} rules={rules} nameOf={nameOf} />
        </>
      )}
      {rules !== null && canWrite(status) && first !== undefined && (
        <details
          ref={form}
          class="card more"
          data-testid="set-rule"
          open={isSetting}
          onToggle={(event) => setSetting(event.currentTarget.open)}
        >
          <summary>{rules.length === 0 ? 'Set the first rule' : 'Set a rule'}</summary>
          <SplitRuleForm
            key={start.count}
            rules={rules}
            units={ledger.units}
            people={peopleOf(roster, draft)}
            nameOf={nameOf}
            start={draft}
            onDone={() => {
              setStart(({ count }) => ({ draft: null, count: count + 1 }))
              setSetting(false)
            }}
          />
        </details>
      )}
    </>
  )
}

function RuleCard(props: {
  rule: SplitRule
  unit: Unit | undefined
  nameOf: (key: string) => string
  onChange?: () => void
}): JSX.Element {
  const { rule, unit, nameOf, onChange } = props
  const name = shownText(rule.id)
  return (
    <li class="card stack" data-testid="rule">
      <h2 class="breakable">
        <bdi>{name}</bdi>{' '}
        <a
          class="unit-name"
          href={routeAddress('ledger', 'history', { type: 'rule', text: rule.id })}
          aria-label={`Version ${rule.version} of ${name}: who set it, and all before it`}
        >
          version {rule.version}
        </a>
      </h2>
      <ul class="plain parts">
        {rule.parties.map((it) => (
          <li key={it.key}>
            <bdi>{nameOf(it.key)}</bdi>
            <span class="part-amount">{partText(it, unit)}</span>
          </li>
        ))}
      </ul>
      {onChange !== undefined && (
        <div class="actions actions-start">
          <button
            type="button"
            class="button"
            aria-label={`Change ${name}`}
            data-testid="rule-change"
            onClick={onChange}
          >
            Change
          </button>
        </div>
      )}
    </li>
  )
}

/** Fixed parts are minor units of whatever is split; `unit` says what that is in what is mostly split here. */
function partText(party: SplitRule['parties'][number], unit: Unit | undefined): string {
  switch (party.way) {
    case 'fixed':
      return unit === undefined || unit.scale === 0
        ? `${numberText(party.amount)} first`
        : `${amountText(minorText(party.amount, unit.scale), unit.code)} first`
    case 'points':
      return `${percentText(party.points)} % of what is left`
    case 'share':
      return `${party.weight} ${party.weight === 1 ? 'share' : 'shares'} of the rest`
    case 'usage':
      return 'by what was used'
  }
}

/** Members, and whoever else the rule names that is changed. */
function peopleOf(members: readonly Member[], draft: SplitDraft): { value: string; text: string }[] {
  const known = new Set(members.map((it) => it.member))
  const others = draft.parties.filter((it) => it.key !== '' && !known.has(it.key))
  return [
    ...members.map((it) => ({ value: it.member, text: memberText(it) })),
    ...others.map((it) => ({ value: it.key, text: shownText(it.key) })),
  ]
}
