# A room's program: tests/unit/ROOM/main.c and one test_NAME.c per source file. Rooms add themselves here.
UNIT_LIBS = $(CUNIT_LIBS)
UNIT_SOURCES = tests/unit/unit.c tests/unit/unit.h
