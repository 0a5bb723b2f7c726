// SPDX-License-Identifier: Apache-2.0
//
// The groups of commands; each file of this folder adds its own to the table.
// Thread rule: called while the table is built.
#ifndef ROSTER_SERVER_COMMANDS_COMMANDS_H_
#define ROSTER_SERVER_COMMANDS_COMMANDS_H_

#include <string_view>

#include "server/command_table.h"

namespace roster::server {

// Whether a client may call itself or its library so: names stand in CLIENT LIST, whose fields are
// parted by blanks.
bool IsPlainName(std::string_view name);

void AddWriteCommands(CommandTable* table);       // IDENTIFY TRACK PAGE SCREEN GROUP ALIAS BATCH
void AddEditCommands(CommandTable* table);        // CREATE SET LABEL MERGE APPLY ERASE ...
void AddDeclareCommands(CommandTable* table);     // DECLARE DEFINE ALTER DROP RETAIN
void AddQueryCommands(CommandTable* table);       // COUNT FIND SHOW
void AddProfileCommands(CommandTable* table);     // GET
void AddTimelineCommands(CommandTable* table);    // TIMELINE SESSIONS
void AddHistoryCommands(CommandTable* table);     // HISTORY
void AddPairCommands(CommandTable* table);        // CONFLICTS DUPLICATES MERGE PREVIEW
void AddSessionCommands(CommandTable* table);     // PING ECHO HELLO SELECT RESET QUIT OUTPUT AUTH
void AddClientCommands(CommandTable* table);      // CLIENT CONFIG
void AddIntrospectCommands(CommandTable* table);  // COMMAND HELP
void AddInfoCommands(CommandTable* table);        // INFO
void AddKeepCommands(CommandTable* table);        // SNAPSHOT LASTSNAPSHOT RESUME

}  // namespace roster::server

#endif  // ROSTER_SERVER_COMMANDS_COMMANDS_H_
