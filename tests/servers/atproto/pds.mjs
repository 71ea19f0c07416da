// A Bluesky PDS with its directory of identities, both in this process; nothing is kept. No AppView.
// PDS_PORT, PLC_PORT: where they listen (127.0.0.1, by loopback.cjs). One line on standard output once both answer.
import { TestNetworkNoAppView, mockMailer } from '@atproto/dev-env';

const network = await TestNetworkNoAppView.create({
  plc: { port: Number(process.env.PLC_PORT) },
  pds: { port: Number(process.env.PDS_PORT), hostname: 'localhost', enableDidDocWithSession: true, rateLimitsEnabled: true },
});
mockMailer(network.pds);
console.log(`ready ${network.pds.url}`);

for (const signal of ['SIGTERM', 'SIGINT']) {
  process.on(signal, async () => {
    setTimeout(() => process.exit(0), 5_000).unref();
    await network.close();
    process.exit(0);
  });
}
