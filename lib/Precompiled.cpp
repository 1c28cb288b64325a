// Holds the precompiled header of lib/Precompiled.h for all other libraries.
