"""The broker's configuration: one process that is broker and controller, loopback only, small and quick to start."""

from .problem import Problem

PROTOCOLS = {"plain": "PLAINTEXT", "sasl": "SASL_PLAINTEXT", "ssl": "SSL", "sasl_ssl": "SASL_SSL"}
MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")
USER, PASSWORD = "penstock", "penstock-secret"
HOST = "127.0.0.1"

# One replica of everything; a broker that is gone is noticed soon, so that a restart is not kept waiting, but not so
# soon that one on a busy machine counts as gone; a hung transaction is swept within a second; the cleaner's buffer fits
# a small heap; what nobody has denied is allowed.
COMMON = """\
process.roles=broker,controller
node.id=1
controller.listener.names=CONTROLLER
offsets.topic.num.partitions=1
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
broker.session.timeout.ms=6000
broker.heartbeat.interval.ms=500
transaction.abort.timed.out.transaction.cleanup.interval.ms=1000
log.cleaner.dedupe.buffer.size=8388608
log.segment.bytes=67108864
auto.create.topics.enable=false
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
allow.everyone.if.no.acl.found=true
"""

_PLAIN_LOGIN = "org.apache.kafka.common.security.plain.PlainLoginModule"
_SCRAM_LOGIN = "org.apache.kafka.common.security.scram.ScramLoginModule"


def server_properties(mode, ports, data, keystore=None, truststore=None):
    """`ports`: for clients, for the controller and, where clients must prove themselves, for the broker itself."""
    client, controller, internal = ports
    listeners, kinds, own = (
        [f"CLIENT://{HOST}:{client}"],
        [f"CLIENT:{PROTOCOLS[mode]}", "CONTROLLER:PLAINTEXT"],
        "CLIENT",
    )
    if mode != "plain":
        listeners.append(f"INTERNAL://{HOST}:{internal}")
        kinds.append("INTERNAL:PLAINTEXT")
        own = "INTERNAL"
    lines = [
        f"log.dirs={data}",
        f"controller.quorum.voters=1@{HOST}:{controller}",
        f"listeners={','.join(listeners)},CONTROLLER://{HOST}:{controller}",
        f"advertised.listeners={','.join(listeners)}",
        f"listener.security.protocol.map={','.join(kinds)}",
        f"inter.broker.listener.name={own}",
    ]
    if mode.startswith("sasl"):
        lines += _sasl()
    if mode.endswith("ssl"):
        required = "required" if mode == "ssl" else "none"
        lines += [
            "ssl.keystore.type=PEM", f"ssl.keystore.location={keystore}",
            "ssl.truststore.type=PEM", f"ssl.truststore.location={truststore}",
            f"listener.name.client.ssl.client.auth={required}",
        ]  # fmt: skip
    return COMMON + "\n".join(lines) + "\n"


def _sasl():
    yield f"sasl.enabled.mechanisms={','.join(MECHANISMS)}"
    yield f'listener.name.client.plain.sasl.jaas.config={_PLAIN_LOGIN} required user_{USER}="{PASSWORD}";'
    for mechanism in MECHANISMS[1:]:
        yield f"listener.name.client.{mechanism.lower()}.sasl.jaas.config={_SCRAM_LOGIN} required;"


def format_arguments(mode):
    """Users of SCRAM are in the broker's metadata from its first moment."""
    if not mode.startswith("sasl"):
        return []
    users = [f"{mechanism}=[name={USER},password={PASSWORD}]" for mechanism in MECHANISMS[1:]]
    return [argument for user in users for argument in ("--add-scram", user)]


def check_mode(mode):
    if mode not in PROTOCOLS:
        raise Problem(f"unknown mode '{mode}'; known: {', '.join(PROTOCOLS)}")
