"""What people see: Inbox, Moderation and Policies over the same flows as everything else.

    streamlit_app.py   the server: security headers, health, what is loaded before the first visitor
    serve.py  oidc.py  what the image starts; sign-in by OpenID Connect
    main.py            the script Streamlit runs for each visitor: sign-in, navigation by role
    app_pages/         one file a page: widgets and layout only
    present.py         messages, cases and decisions -> what a page shows (pure)
    data.py  who.py    cached reads; who is asking
    actions.py         a widget -> one command through the gate
    text.py theme.py   outside words made safe; colours, names
    components/        the work list and the reading sheet (Components v2, textContent only)
"""
