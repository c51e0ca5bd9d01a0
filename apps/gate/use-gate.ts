import type { RefObject } from 'preact'
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { Camera, CodeReader } from '#apps/page'
import type { CameraState } from '#apps/page'
import type { GateCalls } from './gate-calls.ts'
import { GateDesk } from './gate-desk.ts'
import type { DeskState, GateSetup } from './gate-desk.ts'
import { Signals } from './signals.ts'
import { lookOf } from './verdict.ts'

/** How long a yes covers the camera. A guess: long enough to see it from the side. A no stays until the next code. */
const YES_SHOWN_MS = 3_500

/** What the screen of a gate works with. */
export interface GateParts {
  desk: GateDesk
  /** Null before the first answer. */
  state: DeskState | null
  camera: Camera
  cameraState: CameraState
  /** Where the camera's picture is shown. */
  video: RefObject<HTMLVideoElement | null>
  startCamera: () => void
  signals: Signals
  isReadingPhoto: boolean
  readPhoto: (file: File | undefined) => Promise<void>
}

/** Starts desk, camera and decoder, and ends them with the screen. */
export function useGate(calls: GateCalls, setup: GateSetup): GateParts {
  const [state, setState] = useState<DeskState | null>(null)
  const [isReadingPhoto, setReadingPhoto] = useState(false)
  const signals = useSignals()
  const reader = useMemo(() => new CodeReader(), [])
  useEffect(() => () => reader.close(), [reader])
  const desk = useMemo(
    () =>
      new GateDesk(calls, setup, {
        state: setState,
        verdict: (verdict) => signals.play(lookOf(verdict).tone),
      }),
    [calls, setup, signals],
  )
  useEffect(() => {
    desk.start()
    return () => desk.stop()
  }, [desk])
  const shown = state?.shown ?? null
  const isYes = shown !== null && shown.verdict.ok
  useEffect(() => {
    if (!isYes) return
    const timer = setTimeout(() => desk.dismiss(), YES_SHOWN_MS)
    return () => clearTimeout(timer)
  }, [shown?.key, isYes])
  const readPhoto = async (file: File | undefined): Promise<void> => {
    if (file === undefined) return
    const fromMs = performance.now()
    setReadingPhoto(true)
    const text = await reader.readPhoto(file)
    setReadingPhoto(false)
    if (text === null) desk.refusePhoto()
    else await desk.scan(text, fromMs)
  }
  return { desk, state, signals, isReadingPhoto, readPhoto, ...useCamera(reader, desk) }
}

function useCamera(
  reader: CodeReader,
  desk: GateDesk,
): Pick<GateParts, 'camera' | 'cameraState' | 'video' | 'startCamera'> {
  const [cameraState, setCameraState] = useState<CameraState>('off')
  const video = useRef<HTMLVideoElement>(null)
  const camera = useMemo(
    () =>
      new Camera(reader, { state: setCameraState, code: (text, frameMs) => void desk.seen(text, frameMs) }),
    [reader, desk],
  )
  const startCamera = (): void => {
    if (video.current !== null) void camera.start(video.current)
  }
  useEffect(() => {
    startCamera()
    return () => camera.stop()
  }, [camera])
  useEffect(() => {
    // Phones take the camera away while the page is out of sight.
    const onShow = (): void => {
      if (!document.hidden && cameraState === 'off') startCamera()
    }
    document.addEventListener('visibilitychange', onShow)
    return () => document.removeEventListener('visibilitychange', onShow)
  }, [camera, cameraState])
  return { camera, cameraState, video, startCamera }
}

/** The first tap or key gives the page its sound. */
function useSignals(): Signals {
  const signals = useMemo(() => new Signals(), [])
  const [, setTaps] = useState(0)
  useEffect(() => {
    const unlock = (): void => {
      signals.unlock()
      setTaps((it) => it + 1)
    }
    addEventListener('pointerdown', unlock)
    addEventListener('keydown', unlock)
    return () => {
      removeEventListener('pointerdown', unlock)
      removeEventListener('keydown', unlock)
      void signals.close()
    }
  }, [signals])
  return signals
}
