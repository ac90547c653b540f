import Evaluation
import Foundation
import LatticeSupport

/// The reports of all shares of a folder's files, as one.
struct ReportMerge {
  private struct Part {
    var path: String
    var json: JSONValue
    var number: Int
    var count: Int
    var counts: EvaluationCounts?
  }

  private var parts: [Part]

  /// - Throws: `InputError` naming a report that is not a shard's, is there twice, or is missing.
  init(_ reports: [(path: String, json: JSONValue)]) throws {
    parts = try reports.map { try Self.part($0.path, $0.json) }
    parts.sort { $0.number < $1.number }
    let count = parts[0].count
    if let other = parts.first(where: { $0.count != count }) {
      throw InputError(
        .data, at: other.path,
        "is one of \(other.count) shards, but '\(parts[0].path)' one of \(count)",
        remedy: "merge the reports of one run")
    }
    for (one, next) in zip(parts, parts.dropFirst()) where one.number == next.number {
      throw InputError(
        .data, at: next.path, "is of shard \(one.number), and so is '\(one.path)'",
        remedy: "give the later one alone")
    }
    let numbers = Set(parts.map(\.number))
    let missing = (1...count).filter { !numbers.contains($0) }
    guard missing.isEmpty else {
      throw InputError(
        .noInput,
        "there is no report of shard \(missing.map(String.init).joined(separator: ", ")) of \(count)",
        remedy: "run it once more, with --resume where no truth is compared")
    }
  }

  private static func part(_ path: String, _ json: JSONValue) throws -> Part {
    guard let share = json["share"],
      let number = share["number"]?.number.flatMap({ Int(exactly: $0) }),
      let count = share["count"]?.number.flatMap({ Int(exactly: $0) }),
      let shard = Shard(number, of: count)
    else {
      throw InputError(
        .data, at: path, "is not the report of a shard",
        remedy: "write it with --shard and --json, over folders")
    }
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    do {
      let counts = try share["counts"].map {
        try decoder.decode(EvaluationTally.self, from: Data($0.compactText.utf8)).counts()
      }
      return Part(
        path: path, json: json, number: shard.number, count: shard.count, counts: counts)
    } catch let error as InputError {
      throw error.at(path)
    } catch {
      throw InputError(
        .data, at: path, "has counts that are none", remedy: "write it with --shard and --json")
    }
  }

  /// - Throws: `InputError` where reports do not belong together.
  func merged() throws -> JSONValue {
    var keys: [String] = []
    for member in parts.flatMap({ $0.json.members ?? [] }) where !keys.contains(member.key) {
      keys.append(member.key)
    }
    let counts = try self.counts()
    return .object(
      try keys.compactMap { key in
        try merged(key, counts).map { JSONValue.Member(key, $0) }
      })
  }

  private func merged(_ key: String, _ counts: EvaluationCounts?) throws -> JSONValue? {
    switch key {
    case "share": return nil
    case "files", "skipped", "failed": return .list(try files(key))
    case "warnings", "passed_over": return .list(union(key))
    case "milliseconds", "orientations": return sum(parts.map { $0.json[key] })
    case "data": return try data()
    case "evaluation":
      return try counts.map { try value(EvaluationSummary($0, names: names)) }
    case "confusion": return try counts.map { try value(ConfusionReport($0)) }
    case "absent": return try counts.map { try value(AbsenceReport($0, names: names)) }
    case "parameters": return try same(key) { Self.withoutThreads($0) }
    case "threads": return Set(parts.map { $0.json[key] }).count == 1 ? parts[0].json[key] : nil
    default: return try same(key) { $0 }
    }
  }

  /// The names of classes, as the first report that has figures says them.
  private var names: [String] {
    let classes = parts.lazy.compactMap { $0.json["evaluation"]?["classes"] }.first
    guard case .list(let names)? = classes else { return [] }
    return names.map { $0.text ?? "" }
  }

  private func counts() throws -> EvaluationCounts? {
    var sum: EvaluationCounts?
    for part in parts {
      guard let counts = part.counts else { continue }
      guard sum?.adds(to: counts) != false else {
        throw InputError(
          .data, at: part.path,
          "has counts of other labels or widths than the reports before: they do not add up",
          remedy: "run all shards with the same options")
      }
      if sum == nil { sum = counts } else { sum? += counts }
    }
    return sum
  }

  /// The entries of a list of files, in the order of their names.
  private func files(_ key: String) throws -> [JSONValue] {
    var owners: [String: String] = [:]
    var entries: [(name: String, value: JSONValue)] = []
    for part in parts {
      for entry in part.json[key].list {
        let name =
          entry.text ?? ["unary", "image", "file"].lazy.compactMap { entry[$0]?.text }.first
        if let name, let other = owners.updateValue(part.path, forKey: name) {
          throw InputError(
            .data, at: part.path, "has \(quoted(name)), and so has '\(other)'",
            remedy: "merge shards of one folder, whose files have not changed in between")
        }
        entries.append((name ?? "", entry))
      }
    }
    return entries.sorted { $0.name < $1.name }.map(\.value)
  }

  private func union(_ key: String) -> [JSONValue] {
    var seen: Set<JSONValue> = []
    return parts.flatMap { $0.json[key].list }.filter { seen.insert($0).inserted }
  }

  /// Numbers of objects, by their names.
  private func sum(_ objects: [JSONValue?]) -> JSONValue? {
    var sums: [String: Double] = [:]
    for member in objects.flatMap({ $0?.members ?? [] }) {
      sums[member.key, default: 0] += member.value.number ?? 0
    }
    return sums.isEmpty
      ? nil
      : .object(
        sums.sorted { $0.key < $1.key }.map { JSONValue.Member($0.key, .number($0.value)) })
  }

  /// The data set, whose photographs are counted.
  private func data() throws -> JSONValue? {
    let objects = parts.map { $0.json["data"] }
    let known = try same("data") { value in
      value.members.map { .object($0.filter { !["images", "orientations"].contains($0.key) }) }
    }
    var members = known?.members ?? []
    let images = objects.reduce(0) { $0 + ($1?["images"]?.number ?? 0) }
    members.append(.init("images", .number(images)))
    if let turns = sum(objects.map { $0?["orientations"] }) {
      members.append(.init("orientations", turns))
    }
    return .object(members)
  }

  /// What all reports say alike, once changed.
  private func same(
    _ key: String, _ change: (JSONValue) -> JSONValue?
  ) throws -> JSONValue? {
    let first = parts[0].json[key].flatMap(change)
    if let other = parts.first(where: { $0.json[key].flatMap(change) != first }) {
      throw InputError(
        .data, at: other.path, "says something else of '\(key)' than '\(parts[0].path)'",
        remedy: "run all shards with the same options and the same version of the program")
    }
    return first
  }

  /// Machines differ in it, and results do not.
  private static func withoutThreads(_ value: JSONValue) -> JSONValue? {
    value.members.map { .object($0.filter { $0.key != "threads" }) }
  }

  /// What reports have of `object`.
  private func value(_ object: some Encodable) throws -> JSONValue {
    try JSONValue(parsing: JSONObject.text(of: object))
  }
}

extension JSONValue? {
  fileprivate var list: [JSONValue] {
    if case .list(let entries)? = self { entries } else { [] }
  }
}
