import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { Field } from '#apps/page'
import { shownText } from '#apps/shown-text'
import { DefineForm } from './define-form.tsx'
import { EmptyState } from './empty-state.tsx'
import { ImportForm } from './import-form.tsx'
import { canWrite } from './ledger-parts.ts'
import type { LedgerParts } from './ledger-parts.ts'
import { KIND_TEXT, amountText, isZero, numberText } from './ledger-text.ts'
import type { Rights, Unit } from './ledger-types.ts'
import { routeAddress } from './route.ts'

/** From this many units on, a search is offered. A guess: what fits a phone's screen twice. */
const SEARCH_UNITS_MIN = 8

/** All units: what can be sold here, and what others hold. */
export function LedgerUnits({ status, ledger }: LedgerParts): JSX.Element {
  const { units, rights } = ledger
  const [search, setSearch] = useState('')
  const words = search.trim().toLowerCase()
  const rightsOf = new Map(rights.map((it) => [it.unit, it]))
  const shown = units
    .filter((it) => `${it.code} ${it.name}`.toLowerCase().includes(words))
    .map((unit) => ({ unit, rights: rightsOf.get(unit.id) ?? null }))
    .sort((a, b) => rank(a.rights) - rank(b.rights) || (a.unit.code < b.unit.code ? -1 : 1))
  if (units.length === 0)
    return (
      <>
        <EmptyState icon="ledger" title="Nothing is counted yet">
          {canWrite(status)
            ? 'Define what you want to count, below: posters, cups, seats, or money. Then issue some, and sell.'
            : 'Units appear here as soon as somebody defines one.'}
        </EmptyState>
        {canWrite(status) && (
          <section class="card stack" aria-labelledby="define-title">
            <h2 id="define-title">Define a unit</h2>
            <DefineForm units={units} />
          </section>
        )}
        {canWrite(status) && <ImportForm key="import" />}
      </>
    )
  return (
    <>
      <p class="lead">What this device holds it can sell without anybody else, also while it is cut off.</p>
      {units.length >= SEARCH_UNITS_MIN && (
        <Field
          label="Find a unit"
          type="search"
          inputMode="search"
          value={search}
          onValue={setSearch}
          testId="units-search"
        />
      )}
      {shown.length === 0 && (
        <p class="muted" role="status">
          No unit is called like that.
        </p>
      )}
      <ul class="plain units" data-testid="units">
        {shown.map(({ unit, rights }) => (
          <UnitCard key={unit.id} unit={unit} rights={rights} />
        ))}
      </ul>
      {canWrite(status) && (
        <details class="card more" data-testid="define">
          <summary>Define a unit</summary>
          <DefineForm units={units} />
        </details>
      )}
      {canWrite(status) && <ImportForm key="import" />}
    </>
  )
}

/** What can be sold here comes first. */
function rank(rights: Rights | null): number {
  return rights === null || isZero(rights.here) ? 1 : 0
}

function UnitCard({ unit, rights }: { unit: Unit; rights: Rights | null }): JSX.Element {
  const { code, sums } = unit
  const others = [
    ['held by connected devices', rights?.reachable ?? '0'],
    ['held by others', rights?.elsewhere ?? '0'],
    ['stranded', rights?.stranded ?? '0'],
    ['of it on the way', sums.inFlight],
    ['spent twice', sums.deficits],
    ['borne by loss accounts', sums.loss],
  ].filter((it): it is [string, string] => !isZero(it[1] ?? '0'))
  return (
    <li class="card unit-card" data-testid="unit">
      <h2>
        <a href={routeAddress('ledger', unit.id)} data-testid="unit-link">
          {code}
        </a>
        {unit.name !== code && (
          <>
            {' '}
            <bdi class="unit-name breakable">{shownText(unit.name)}</bdi>
          </>
        )}
      </h2>
      <span class="badge">{KIND_TEXT[unit.kind].name}</span>
      <p class="unit-here">
        <span class="unit-amount" data-testid="unit-here">
          {amountText(rights?.here ?? '0', code)}
        </span>
        <span class="muted">here, without the mesh</span>
      </p>
      {others.length > 0 && (
        <ul class="plain unit-others muted">
          {others.map(([what, amount]) => (
            <li key={what}>
              {numberText(amount)} {what}
            </li>
          ))}
        </ul>
      )}
    </li>
  )
}
