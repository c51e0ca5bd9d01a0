import type { JSX } from 'preact'
import { useRef, useState } from 'preact/hooks'
import { shownText } from '#apps/shown-text'
import { ActForm } from './act-form.tsx'
import { ACT_TEXT } from './act-draft.ts'
import type { ActDraft, ActName } from './act-draft.ts'
import { memberText } from './change-draft.ts'
import { ShortId } from './copy-button.tsx'
import { formatTime } from './format.ts'
import { Icon } from './icon.tsx'
import { canWrite } from './ledger-parts.ts'
import type { LedgerParts } from './ledger-parts.ts'
import { KIND_TEXT, amountText, holderText } from './ledger-text.ts'
import type { Unit } from './ledger-types.ts'
import type { Member } from './node-types.ts'
import { KeepForm, ShareForm } from './share-forms.tsx'
import { ProposeForm } from './propose-form.tsx'
import { routeAddress } from './route.ts'
import { SectionTitle } from './section-title.tsx'
import { UnitHolders } from './unit-holders.tsx'
import { UnitFigures, UnitSums, UnitTroubles } from './unit-sums.tsx'

/** One unit: what can be sold where, what to do with it, who holds it. */
export function LedgerUnit(
  props: LedgerParts & { unit: Unit; query: Readonly<Record<string, string>> },
): JSX.Element {
  const { status, members, ledger, unit } = props
  const { code } = unit
  const rights = ledger.rights.find((it) => it.unit === unit.id) ?? null
  const balances = ledger.balances.filter((it) => it.unit === unit.id)
  const own = balances.find((it) => it.isOwn) ?? null
  const roster = members?.members ?? []
  const stranded = rights?.devices.find((it) => it.state === 'stranded') ?? null
  const isWriter = canWrite(status)
  const [asked, setAsked] = useState<'allow' | 'replace'>('allow')
  const [isAsking, setAsking] = useState(false)
  const form = useRef<HTMLDetailsElement>(null)
  const replace = (): void => {
    setAsked('replace')
    setAsking(true)
    // The form is there only after this has been drawn.
    setTimeout(() => form.current?.querySelector('select')?.focus())
  }
  return (
    <>
      <div class="board-title">
        <a class="button icon-button" href={routeAddress('ledger')} aria-label="All units" title="All units">
          <Icon name="back" />
        </a>
        <SectionTitle
          title={code}
          summary={`${unit.name === code ? '' : `${shownText(unit.name)} · `}${KIND_TEXT[unit.kind].name}`}
        />
      </div>
      <UnitFigures rights={rights} />
      <UnitTroubles
        unit={unit}
        balances={balances}
        rights={rights}
        {...(isWriter && unit.kind !== 'admission' ? { onReplace: replace } : {})}
      />
      <div class="unit-parts">
        {isWriter && (
          <ActForm
            unit={unit}
            own={own}
            here={rights?.here ?? '0'}
            devices={receivers(roster)}
            start={startOf(props.query)}
          />
        )}
        <div class="stack holders-part">
          <UnitHolders unit={unit} balances={balances} rights={rights} />
          {isWriter && <ShareForm unit={unit} />}
          {isWriter && <KeepForm unit={unit} marks={rights?.marks ?? null} />}
        </div>
      </div>
      <UnitSums unit={unit} />
      {isWriter && unit.kind !== 'admission' && (
        <details
          ref={form}
          class="card more"
          data-testid="ask-right"
          open={isAsking}
          onToggle={(event) => setAsking(event.currentTarget.open)}
        >
          <summary>Ask the stewards for a right</summary>
          <ProposeForm
            key={asked}
            status={status}
            members={roster}
            units={ledger.units}
            kinds={['allow', 'replace']}
            start={{
              ...{ kind: asked, unit: unit.id, device: status.device },
              lost: stranded?.device.device ?? '',
            }}
          />
        </details>
      )}
      <Definition unit={unit} />
    </>
  )
}

function Definition({ unit }: { unit: Unit }): JSX.Element {
  const { code, expiresMs, relayMax } = unit
  return (
    <section aria-labelledby="definition">
      <h2 id="definition" class="subtitle">
        What it is
      </h2>
      <dl class="facts">
        <div>
          <dt>Defined by</dt>
          <dd>
            <bdi>{holderText(unit.definedBy)}</bdi>
          </dd>
        </div>
        <div>
          <dt>Id</dt>
          <dd>
            <ShortId id={unit.id} what={`the id of ${code}`} />
          </dd>
        </div>
        <div>
          <dt>Digits behind the point</dt>
          <dd>{unit.scale}</dd>
        </div>
        {relayMax !== null && (
          <div>
            <dt>Relay limit</dt>
            <dd>{amountText(relayMax, code)}</dd>
          </div>
        )}
        {expiresMs !== null && (
          <div>
            <dt>Ends at</dt>
            <dd>{formatTime(expiresMs)}</dd>
          </div>
        )}
      </dl>
    </section>
  )
}

/** Devices that something can be handed to, those that are connected first. */
function receivers(members: readonly Member[]): { device: string; text: string }[] {
  return members
    .flatMap((member) => member.devices.map((device) => ({ member, device })))
    .filter(({ device }) => !device.isSelf && device.standing.status === 'active')
    .sort((a, b) => Number(b.device.isConnected) - Number(a.device.isConnected))
    .map(({ member, device }) => ({
      device: device.device,
      text: `${memberText(member)} / ${shownText(device.name)}${device.isConnected ? '' : ' (not connected)'}`,
    }))
}

/** What the address has chosen already, such as the entry that is to be taken back. */
function startOf({ act, amount, reverses }: Readonly<Record<string, string>>): Partial<ActDraft> {
  if (act === undefined || !Object.hasOwn(ACT_TEXT, act)) return {}
  return { type: act as ActName, amount: amount ?? '', reverses: reverses ?? '' }
}
