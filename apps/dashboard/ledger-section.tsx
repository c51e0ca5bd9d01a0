import type { JSX } from 'preact'
import { CommitPanel } from './commit-panel.tsx'
import { EmptyState, LoadingRows } from './empty-state.tsx'
import { formatQuantity } from './format.ts'
import { LedgerDebts } from './ledger-debts.tsx'
import { LedgerHistory } from './ledger-history.tsx'
import { LedgerSplits } from './ledger-splits.tsx'
import { LedgerStatement } from './ledger-statement.tsx'
import type { Ledger } from './ledger-types.ts'
import { LedgerUnit } from './ledger-unit.tsx'
import { LedgerUnits } from './ledger-units.tsx'
import type { Members, Status } from './node-types.ts'
import { routeAddress } from './route.ts'
import type { Route } from './route.ts'
import { SectionTitle } from './section-title.tsx'

const PARTS = [
  { detail: null, text: 'Balances' },
  { detail: 'history', text: 'History' },
  { detail: 'statement', text: 'Statement' },
  { detail: 'splits', text: 'Splits' },
  { detail: 'debts', text: 'Debts' },
] as const

/** Money, stock and rights: what there is, one unit, the history, or a commit that proves something. */
export function LedgerSection(props: {
  status: Status
  members: Members | null
  ledger: Ledger | null
  route: Route
}): JSX.Element {
  const { status, members, ledger, route } = props
  const { detail, query } = route
  if (detail?.startsWith('commit/') === true)
    return <CommitPanel key={detail} id={detail.slice('commit/'.length)} />
  if (ledger === null)
    return (
      <>
        <SectionTitle title="Ledger" summary="" />
        <LoadingRows what="the ledger" />
      </>
    )
  const parts = { status, members, ledger }
  const part = PARTS.find((it) => it.detail === detail)
  if (detail !== null && part === undefined) {
    const unit = ledger.units.find((it) => it.id === detail)
    if (unit === undefined) return <UnknownUnit />
    return <LedgerUnit key={`${unit.id} ${JSON.stringify(query)}`} {...parts} unit={unit} query={query} />
  }
  return (
    <>
      <SectionTitle
        title="Ledger"
        summary={ledger.units.length === 0 ? '' : formatQuantity(ledger.units.length, 'unit')}
      />
      {ledger.units.length > 0 && (
        <nav class="tabs" aria-label="Parts of the ledger">
          {PARTS.map((it) => (
            <a
              key={it.detail}
              href={routeAddress('ledger', it.detail ?? undefined)}
              aria-current={it.detail === detail ? 'page' : undefined}
              data-testid={`ledger-${it.detail ?? 'balances'}`}
            >
              {it.text}
            </a>
          ))}
        </nav>
      )}
      {detail === null && <LedgerUnits {...parts} />}
      {detail === 'history' && <LedgerHistory {...parts} query={query} />}
      {detail === 'statement' && <LedgerStatement {...parts} query={query} />}
      {detail === 'splits' && <LedgerSplits {...parts} />}
      {detail === 'debts' && <LedgerDebts {...parts} />}
    </>
  )
}

function UnknownUnit(): JSX.Element {
  return (
    <>
      <SectionTitle title="Ledger" summary="" />
      <EmptyState icon="ledger" title="No such unit here">
        It may not have come to this device yet. <a href={routeAddress('ledger')}>All units</a>
      </EmptyState>
    </>
  )
}
