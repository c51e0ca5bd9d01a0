import type { JSX } from 'preact'
import { shownText } from '#apps/shown-text'
import { formatQuantity } from './format.ts'
import type { Effect, Government, MemberName } from './node-types.ts'

/** One fact of a list of them. */
export function Fact(props: { name: string; children: JSX.Element['props']['children'] }): JSX.Element {
  return (
    <div>
      <dt>{props.name}</dt>
      <dd>{props.children}</dd>
    </div>
  )
}

/** Members by name. */
export function Names({ of }: { of: readonly MemberName[] }): JSX.Element {
  return (
    <>
      {of.map(({ member, name }, i) => (
        <span key={member}>
          {i > 0 && ', '}
          <bdi>{shownText(name)}</bdi>
        </span>
      ))}
    </>
  )
}

/** What a decision would make of the co-op. */
export function EffectFacts({ effect }: { effect: Effect }): JSX.Element {
  return (
    <>
      {effect.removed.length > 0 && (
        <Fact name="Removed">
          <Names of={effect.removed} />
        </Fact>
      )}
      {effect.closed.map((it) => (
        <Fact name="Closed" key={it.device}>
          <bdi>{shownText(`${it.name}/${it.deviceName}`)}</bdi>: {it.kept} of its{' '}
          {formatQuantity(it.commits, 'change')} that are here stay; what else it made is late
        </Fact>
      ))}
      {effect.late.map((it) => (
        <Fact name="Late" key={it.device}>
          {formatQuantity(it.commits, 'change')} of <bdi>{shownText(it.name)}</bdi>
        </Fact>
      ))}
      {effect.atRisk.map((it) => (
        <Fact name={it.isReplaced ? 'Loss account' : 'At risk'} key={`${it.device.device} ${it.isReplaced}`}>
          {it.amounts.map(shownText).join(', ')}:{' '}
          <bdi>{shownText(`${it.device.name}/${it.device.deviceName}`)}</bdi>{' '}
          {it.isReplaced
            ? 'bears what it has sold of that meanwhile'
            : 'holds that, and nobody can be handed it any more'}
        </Fact>
      ))}
      <Afterwards of={effect} />
    </>
  )
}

/** Who decides then. */
export function Afterwards({ of }: { of: Government }): JSX.Element {
  return (
    <Fact name="Afterwards">
      <Names of={of.stewards} /> {of.stewards.length === 1 ? 'decides' : 'decide'}; {of.quorum} of{' '}
      {of.stewards.length} must agree
    </Fact>
  )
}
