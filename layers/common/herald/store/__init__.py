"""State in DynamoDB.

db.py: a narrow door to tables; keys.py: every key; rows.py: things to rows; tables.py: the Store.
"""
