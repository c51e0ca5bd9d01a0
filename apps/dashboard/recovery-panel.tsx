import type { JSX } from 'preact'
import { shownText } from '#apps/shown-text'
import { Fact, Names } from './decision-facts.tsx'
import { formatRelative } from './format.ts'
import type { Kits, Member, Recoveries, Room } from './node-types.ts'
import { RecoveryForm } from './recovery-form.tsx'

/** How many stewards may be lost, who recovers the co-op then, and the way to ask for it. */
export function RecoveryPanel(props: {
  recoveries: Recoveries
  kits: Kits
  members: readonly Member[]
}): JSX.Element {
  const { recoveries, kits } = props
  const nowMs = Date.now()
  const how = recoveries.rule === 'kits' ? 'each with the recovery kit' : 'each with a device'
  return (
    <details class="card more" data-testid="lost-stewards">
      <summary>When stewards are lost</summary>
      <div class="stack">
        <dl class="facts decision-facts">
          <Fact name="Stewards">
            {kits.stewards.quorum} of {kits.stewards.count} must agree; {roomText(kits.stewards)}
          </Fact>
          <Fact name="Recovery">
            {kits.recovery.quorum} of {kits.recovery.count} members, {how}; {roomText(kits.recovery)}
          </Fact>
          {recoveries.last !== null && (
            <Fact name="Last one">
              Seal {recoveries.last.height}, with the voices of <Names of={recoveries.last.voices} />
              {!recoveries.last.isFinal &&
                '. Until another seal follows, one that the stewards before had signed takes its place.'}
            </Fact>
          )}
        </dl>
        <ul class="plain rows" data-testid="kits">
          {kits.members.map((it) => (
            <li class="row" key={it.member}>
              <span class="row-main">
                <span class="row-title">
                  <bdi>{shownText(it.name)}</bdi>
                </span>
                <span class="muted breakable">
                  Kit <code>{it.member.slice(0, 8)}</code>
                  {it.signs !== null && (
                    <>
                      {' · signs with '}
                      <bdi>{shownText(it.signs.deviceName)}</bdi>
                      {it.signs.lastCommitAtMs !== null &&
                        `, which last wrote ${formatRelative(it.signs.lastCommitAtMs, nowMs)}`}
                    </>
                  )}
                  {' · '}
                  {it.isElector ? 'has a voice' : `no voice: ${it.why ?? ''}`}
                </span>
              </span>
            </li>
          ))}
        </ul>
        <h2 class="subtitle">Ask for a recovery</h2>
        <p class="hint">
          Only when stewards do not come back: {kits.recovery.quorum} members together make others stewards.
          Everybody is told at once. Where the stewards can still decide, ask them instead.
        </p>
        <RecoveryForm recoveries={recoveries} members={props.members} />
      </div>
    </details>
  )
}

function roomText({ room }: Room): string {
  if (room < 0) return `${-room} too few are left`
  return room === 0 ? 'none may be lost' : `${room} may be lost`
}
