import type { JSX } from 'preact'
import { Icon } from './icon.tsx'
import { SEALED_KINDS, amountText, holderText, isZero, numberText } from './ledger-text.ts'
import type { Balance, Rights, Unit } from './ledger-types.ts'
import { routeAddress } from './route.ts'

/** What can be sold here and elsewhere. */
export function UnitFigures({ rights }: { rights: Rights | null }): JSX.Element {
  return (
    <dl class="figures">
      <Figure name="Here, without the mesh" amount={rights?.here ?? '0'} isMain />
      <Figure name="Held by connected devices" amount={rights?.reachable ?? '0'} />
      <Figure name="Held by others" amount={rights?.elsewhere ?? '0'} />
      <Figure name="Stranded" amount={rights?.stranded ?? '0'} />
    </dl>
  )
}

/** What became of all that was issued; each sum leads to what proves it. */
export function UnitSums({ unit }: { unit: Unit }): JSX.Element {
  const { code, sums } = unit
  const entries = (type: string): string => routeAddress('ledger', 'history', { unit: unit.id, type })
  const isSealed = SEALED_KINDS.has(unit.kind)
  const facts: readonly (readonly [what: string, amount: string, proof: string])[] = [
    ['Issued', sums.issued, entries('issue')],
    ['Sold or used', sums.used, entries('consume')],
    ['On the way to a device', sums.inFlight, entries('transfer')],
    ['Handed back', sums.returned, entries('return')],
    ['May still be issued', sums.issuable, isSealed ? routeAddress('decisions') : entries('define')],
    ['May still be drawn on credit', sums.credit, routeAddress('decisions')],
    ['Issued by seals in the place of silent devices', sums.replaced, routeAddress('decisions')],
    ['Written back by devices that returned', sums.writtenBack, entries('write-back')],
  ]
  return (
    <section aria-labelledby="sums">
      <h2 id="sums" class="subtitle">
        All together
      </h2>
      <dl class="facts unit-facts">
        {facts
          .filter(([what, amount]) => what === 'Issued' || !isZero(amount))
          .map(([what, amount, proof]) => (
            <div key={what}>
              <dt>{what}</dt>
              <dd>
                <a href={proof}>{amountText(amount, code)}</a>
              </dd>
            </div>
          ))}
      </dl>
    </section>
  )
}

function Figure(props: { name: string; amount: string; isMain?: boolean }): JSX.Element {
  const { name, amount } = props
  return (
    <div class={props.isMain === true ? 'figure figure-main' : 'figure'}>
      <dt>{name}</dt>
      <dd class={isZero(amount) ? 'muted' : ''}>{numberText(amount)}</dd>
    </div>
  )
}

/** What is stranded, overspent or borne by a loss account, in words. `onReplace`: asks the stewards to replace it. */
export function UnitTroubles(props: {
  unit: Unit
  balances: readonly Balance[]
  rights: Rights | null
  onReplace?: () => void
}): JSX.Element {
  const { unit, balances, rights, onReplace } = props
  const { code } = unit
  const stranded = rights?.devices.filter((it) => it.state === 'stranded' && !isZero(it.held)) ?? []
  return (
    <div class="warnings" data-testid="unit-troubles">
      {stranded.map((it) => (
        <Trouble key={`stranded ${it.device.device}`} title={`${amountText(it.held, code)} stranded`}>
          <p>
            <bdi>{holderText(it.device)}</bdi> holds them and is suspended or out of the co-op. They are not
            taken from it. The stewards can issue as many to another device; if this one has sold them, its
            loss account bears it.
          </p>
          {onReplace !== undefined && (
            <p class="actions actions-start">
              <button type="button" class="button" data-testid="ask-replace" onClick={onReplace}>
                Ask the stewards
              </button>
            </p>
          )}
        </Trouble>
      ))}
      {balances
        .filter((it) => !isZero(it.deficit))
        .map((it) => (
          <Trouble key={`deficit ${it.device.device}`} title={`${amountText(it.deficit, code)} spent twice`}>
            <p>
              <bdi>{holderText(it.device)}</bdi> signed for more than it held. Whoever accepted it keeps it;{' '}
              <bdi>{holderText(it.device)}</bdi> owes it to the co-op.
            </p>
          </Trouble>
        ))}
      {balances
        .filter((it) => !isZero(it.loss))
        .map((it) => (
          <Trouble
            key={`loss ${it.device.device}`}
            title={`The loss account of ${holderText(it.device)} bears ${amountText(it.loss, code)}`}
          >
            <p>
              {it.isOwn
                ? 'The stewards issued them to others in the place of this device. Write back what it still holds of them: do not sell it.'
                : 'The stewards issued them to others in its place. When it comes back it writes back what it has not sold; the rest is lost to the co-op.'}
            </p>
          </Trouble>
        ))}
    </div>
  )
}

function Trouble(props: { title: string; children: JSX.Element['props']['children'] }): JSX.Element {
  return (
    <div class="note note-warning">
      <Icon name="warning" />
      <div>
        <p class="note-title">{props.title}</p>
        {props.children}
      </div>
    </div>
  )
}
