import type { JSX } from 'preact'
import { EmptyState } from './empty-state.tsx'
import { HOLDER_TEXT, amountText, holderText, isZero, numberText } from './ledger-text.ts'
import type { Balance, HolderState, Rights, Unit } from './ledger-types.ts'
import { routeAddress } from './route.ts'

const BADGE: Readonly<Record<HolderState, string>> = {
  here: 'badge-ok',
  reachable: 'state-connected',
  elsewhere: '',
  stranded: 'badge-warning',
}
const STATES: readonly HolderState[] = ['here', 'reachable', 'elsewhere', 'stranded']

/** Where a unit is: devices by name, how each stands, what it has. */
export function UnitHolders(props: {
  unit: Unit
  balances: readonly Balance[]
  rights: Rights | null
}): JSX.Element {
  const { unit, balances, rights } = props
  const states = new Map(rights?.devices.map((it) => [it.device.device, it.state]))
  const stateOf = (it: Balance): HolderState | null =>
    states.get(it.device.device) ?? (it.isOwn ? 'here' : null)
  const rank = (it: Balance): number => STATES.indexOf(stateOf(it) ?? 'stranded')
  const rows = [...balances].sort((a, b) => rank(a) - rank(b))
  return (
    <section aria-labelledby="holders" class="stack">
      <h2 id="holders">Where it is</h2>
      {rows.length === 0 && (
        <EmptyState icon="ledger" title="Nobody has any yet">
          The device that may issue {unit.code} issues some first.
        </EmptyState>
      )}
      {rows.length > 0 && (
        <ul class="plain rows" data-testid="holders">
          {rows.map((it) => (
            <HolderRow key={it.device.device} balance={it} state={stateOf(it)} unit={unit.id} />
          ))}
        </ul>
      )}
    </section>
  )
}

function HolderRow(props: { balance: Balance; state: HolderState | null; unit: string }): JSX.Element {
  const { balance, state, unit } = props
  const { code, device } = balance
  const more = [
    ['on its way here', balance.incoming],
    ['may be issued', balance.issuable],
    ['credit left', balance.credit],
    ['sold or used', balance.used],
    ['handed back', balance.returned],
    ['overspent', balance.deficit],
    ['borne by its loss account', balance.loss],
  ].filter((it): it is [string, string] => !isZero(it[1] ?? '0'))
  return (
    <li class="row" data-testid="holder">
      <span class="row-main">
        <span class="row-title holder-title">
          <bdi>{holderText(device)}</bdi>
          {state !== null && <span class={`badge ${BADGE[state]}`}>{HOLDER_TEXT[state]}</span>}
        </span>
        {more.length > 0 && (
          <span class="muted">
            {more.map(([what, amount]) => `${numberText(amount)} ${what}`).join(' · ')}
          </span>
        )}
      </span>
      <a
        class="holder-amount"
        href={routeAddress('ledger', 'history', { unit, device: device.device })}
        aria-label={`${amountText(balance.held, code)} held by ${holderText(device)}: the entries`}
      >
        {numberText(balance.held)}
      </a>
    </li>
  )
}
