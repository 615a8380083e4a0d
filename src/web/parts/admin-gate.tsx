/** Shows a view of the administrator once the store has accepted a token, or if it needs none. */
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { adminToken, giveToken } from '../store/admin.js';
import { isOpenAdmin } from '../store/api.js';
import { useCell } from '../store/cell.js';
import { announce } from './announcer.js';
import { TokenForm } from './token-form.js';

interface GateProps {
  readonly why: string;
  readonly action: string;
  readonly children: ComponentChildren;
}

export function AdminGate({ why, action, children }: GateProps) {
  const token = useCell(adminToken);
  const [isBusy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string>();
  if (isOpenAdmin || token !== '') return <>{children}</>;

  const give = async (given: string): Promise<void> => {
    if (isBusy) return;
    setBusy(true);
    setFailure(undefined);
    await giveToken(given).catch((error: unknown) => {
      const words = error instanceof Error ? error.message : String(error);
      setFailure(words);
      announce(words);
    });
    setBusy(false);
  };
  return (
    <>
      {failure !== undefined && <p class="notice bad">{failure}</p>}
      <TokenForm why={why} action={action} isBusy={isBusy} give={(given) => void give(given)} />
    </>
  );
}
