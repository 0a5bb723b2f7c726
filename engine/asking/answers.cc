// SPDX-License-Identifier: Apache-2.0
#include "engine/asking/answers.h"

#include <string>
#include <utility>

#include "storage/base/text.h"

namespace roster {
namespace {

Answer Made(query::CountAnswer answer) { return Count{answer.count}; }

Answer Made(query::TableAnswer answer) {
  Table table;
  for (query::AnswerColumn& column : answer.columns) {
    table.columns.push_back({std::move(column.name), column.type});
  }
  table.rows = std::move(answer.rows);
  return table;
}

PlanPart PartOf(query::PlanNode node) {
  PlanPart part;
  part.what = std::move(node.what);
  part.reads = std::move(node.reads);
  part.estimated_rows = node.estimated_rows;
  if (node.measures) {
    part.measures = PlanPart::Measures{node.measures->rows_in, node.measures->rows,
                                       node.measures->took_us, node.measures->bytes};
  }
  for (query::PlanNode& child : node.children) part.children.push_back(PartOf(std::move(child)));
  return part;
}

void AddText(const PlanPart& part, size_t depth, std::string* text) {
  *text +=
      StrCat(std::string(2 * depth, ' '), part.what, "  [about ", part.estimated_rows, " rows");
  for (const std::string& reads : part.reads) {
    *text += StrCat(&reads == &part.reads.front() ? "; reads " : ", ", reads);
  }
  if (part.measures) {
    *text += StrCat("; ", part.measures->rows, " of ", part.measures->rows_in, " rows in ",
                    part.measures->took_us, " us, ", part.measures->bytes, " bytes");
  }
  *text += "]\n";
  for (const PlanPart& child : part.children) AddText(child, depth + 1, text);
}

Answer Made(query::PlanAnswer answer) {
  Explanation explanation{PartOf(std::move(answer.plan)), {}, {}};
  AddText(explanation.plan, 0, &explanation.text);
  for (const query::Stage& stage : answer.stages) {
    explanation.text +=
        StrCat(explanation.stages.empty() ? "" : ", ", stage.name, " ", stage.took_us, " us");
    explanation.stages.emplace_back(stage.name, stage.took_us);
  }
  if (!explanation.stages.empty()) explanation.text += "\n";
  explanation.text += StrCat("kernels ", answer.kernels, "\n");
  return explanation;
}

WhyPart PartOf(query::WhyNode node) {
  WhyPart part{std::move(node.what), node.holds, node.flips_at, {}};
  for (query::WhyNode& child : node.children) part.children.push_back(PartOf(std::move(child)));
  return part;
}

Answer Made(query::WhyAnswer answer) {
  return Reasons{answer.profile, std::move(answer.segment), PartOf(std::move(answer.root))};
}

}  // namespace

Answer ToPublic(query::QueryAnswer answer) {
  return std::visit([](auto& part) { return Made(std::move(part)); }, answer);
}

}  // namespace roster
