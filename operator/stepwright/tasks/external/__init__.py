"""Tasks that other processes take and answer, by way of ExternalTask objects: the register of who has which task and what came of it.

All decisions are conditional patches of these objects. A task's object is made when the task is scheduled, before anybody may
take it; whatever ends the task but its answer or a stop closes the object first and is reported afterwards. So no answer that was
accepted is missing in the history, whoever dies in between.
"""
