import Support
import Unaries

/// Finds the tensors in what a checkpoint holds.
///
/// The outermost dictionary is the state dictionary if any of its own values is a tensor. Otherwise
/// it is the dictionary under the first of the keys `state_dict`, `model_state`,
/// `model_state_dict`, `model`, `net`, `network` or `weights` that leads to tensors, or if there is
/// none of these, the only one that does; the same is then asked of that dictionary. Within the
/// state dictionary, the keys of nested dictionaries are joined by dots. Keys stay as they are
/// otherwise: a prefix like `module.` is for key schemes to remove. What is neither a tensor nor a
/// dictionary with names for keys is passed over.
struct StateDictionary {
  private static let containers = [
    "state_dict", "model_state", "model_state_dict", "model", "net", "network", "weights",
  ]
  /// Dictionaries deeper inside are not looked at.
  private static let deepest = 16

  private let heap: PickleHeap
  /// Whether tensors lie in a dictionary or below it, by its number.
  private var leads: [Int: Bool] = [:]
  private var collected: Set<Int> = []
  private(set) var tensors: [(name: String, tensor: PickledTensor)] = []

  init(_ value: PickleValue, in heap: PickleHeap) throws {
    self.heap = heap
    guard case .dictionary(let outermost) = value else {
      throw Self.unusable("it is \(value.words), not a dictionary")
    }
    _ = try findTensors(in: outermost, depth: 0)
    let chosen = try choose(outermost)
    try collect(chosen, prefix: "")
  }

  private static func unusable(_ problem: String) -> InputError {
    InputError(
      .data, "holds no state dictionary: \(problem)",
      remedy: "save model.state_dict() with torch.save")
  }

  /// The entries of a dictionary with names for keys, the last of each name.
  private func members(of dictionary: Int) -> [(name: String, value: PickleValue)] {
    var places: [String: Int] = [:]
    var members: [(name: String, value: PickleValue)] = []
    for (key, value) in heap.dictionaries[dictionary] {
      guard case .string(let name) = key else { continue }
      if let place = places[name] {
        members[place].value = value
      } else {
        places[name] = members.count
        members.append((name, value))
      }
    }
    return members
  }

  /// Notes which dictionaries lead to tensors.
  private mutating func findTensors(in dictionary: Int, depth: Int) throws -> Bool {
    guard depth < Self.deepest else { return false }
    if let known = leads[dictionary] { return known }
    // Until it is known better, lest a circle be followed forever.
    leads[dictionary] = false
    var found = false
    for (_, value) in members(of: dictionary) {
      switch value {
      case .tensor: found = true
      case .dictionary(let inner): found = try findTensors(in: inner, depth: depth + 1) || found
      default: break
      }
    }
    leads[dictionary] = found
    return found
  }

  private func choose(_ outermost: Int) throws -> Int {
    var dictionary = outermost
    for _ in 0..<Self.deepest {
      let members = members(of: dictionary)
      let hasTensors = members.contains { if case .tensor = $0.value { true } else { false } }
      if hasTensors { return dictionary }
      let inner = members.compactMap { member -> (name: String, dictionary: Int)? in
        guard case .dictionary(let index) = member.value, leads[index] == true else { return nil }
        return (member.name, index)
      }
      let named = Self.containers.lazy.compactMap { name in inner.first { $0.name == name } }.first
      guard let next = named ?? (inner.count == 1 ? inner.first : nil) else {
        let names = inner.prefix(8).map { quoted($0.name) }.joined(separator: ", ")
        throw Self.unusable(
          inner.isEmpty ? "there are no tensors in it" : "tensors lie under each of \(names)")
      }
      dictionary = next.dictionary
    }
    throw Self.unusable("its dictionaries are nested in a circle")
  }

  private mutating func collect(_ dictionary: Int, prefix: String) throws {
    // Stops at a circle, and at dictionaries that repeat others ever more often.
    guard collected.insert(dictionary).inserted else {
      throw Self.unusable("the dictionary \(quoted(prefix)) is there under another name too")
    }
    for (name, value) in members(of: dictionary) {
      let name = prefix + name
      guard name.utf8.count <= longestTensorName else {
        throw Self.unusable("the key \(quoted(name)) is longer than \(longestTensorName) bytes")
      }
      switch value {
      case .tensor(let index): tensors.append((name, heap.tensors[index]))
      case .dictionary(let inner) where leads[inner] == true:
        try collect(inner, prefix: name + ".")
      default: break
      }
    }
  }
}
