import type { JSX } from 'preact'
import { render } from 'preact'
import { useMemo } from 'preact/hooks'
import { StaffPage, useDoors } from '#apps/page'
import type { StaffParts } from '#apps/page'
import { SaleCalls } from './sale-calls.ts'
import { Till } from './till.tsx'

function Stall({ link, ...parts }: StaffParts): JSX.Element {
  const calls = useMemo(() => new SaleCalls(link), [link])
  const doors = useDoors(link)
  return <Till calls={calls} doors={doors} {...parts} />
}

const root = document.getElementById('app')
if (root !== null) render(<StaffPage>{(parts) => <Stall {...parts} />}</StaffPage>, root)
