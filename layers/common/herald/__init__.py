"""Herald, the shared package: listen -> moderate -> care -> publish -> measure -> report.

The map, from the bottom up (imports point down only, import-linter keeps it):

    errors      the error tree; each error says what to do next
    model/      the nouns that cross rooms: Event, Message, Decision, Case, Delivery, Policy, Person ...
    documents   YAML read strictly, with line numbers
    ports       what the core asks of the outside: Store, Source, Outlet, Clock
    moderate/   rules, text normalisation, deciding
    care/       cases, business hours, deadlines, playbooks, the complaint procedure
    publish/    the calendar: times, what a platform would refuse, what may happen to a variant
    deliver/    outgoing acts: states, leases, look-up before repeat
    govern/     policies, law, escalation paths, people and authority, signed links, the audit chain
    library/    what we may show: licences, types by content, images without places, customers' rights
    measure/    what is counted and how: counts, figures, the report of a period
    flows/      where rooms meet: one function a handler, and commands.py, the gate for people's writes
    platforms/  one file a platform; wire/ holds what they share
    store/      DynamoDB: keys.py has every key of every table
    mail        sending mail, by SMTP or SES
    runtime     the composition root: builds all of the above from the environment
    cli         the command line
"""
