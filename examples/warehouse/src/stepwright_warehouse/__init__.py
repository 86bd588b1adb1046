"""Tasks that reserve and pack goods: ``warehouse:reserve`` and ``warehouse:pack.sync``.

This module is all that a process loads which only checks definitions; what calls the warehouse is imported with the first call.
"""

from stepwright.integrations import CONNECTION, Driver, Fields, Integration, Provided, text, whole

_COUNT = whole("a whole number from 1 to 1000", 1, 1000, required=True)


def _make(provided: Provided) -> Integration:
    from stepwright_warehouse.calls import Warehouse  # noqa: PLC0415 - as above

    return Warehouse(provided)


DRIVER = Driver(
    name="warehouse",
    resources={
        "reserve": Fields(
            {"Connection": CONNECTION, "Item": text("the name of an item", required=True), "Count": _COUNT},
            meant={"Quantity": "Count"},
        ),
        "pack.sync": Fields(
            {"Connection": CONNECTION, "Reservation": whole("a reservation's number", 1, required=True)}
        ),
    },
    make=_make,
)
