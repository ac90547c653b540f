#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// What the control groups of Linux (cgroups, versions 1 and 2) leave to this process: containers
/// are limited by them, and the machine's own figures do not show it.
package struct ControlGroup: Sendable {
  /// Processor time in processors, rounded up; `nil` where there is no quota.
  package var processors: Int?
  /// Bytes; `nil` where there is no limit.
  package var memory: Int?

  /// Read once: limits are set before a container starts.
  package static let current = ControlGroup(
    mounts: "/sys/fs/cgroup", membership: "/proc/self/cgroup")

  /// - Parameters:
  ///   - mounts: where the groups are mounted.
  ///   - membership: the file that says which groups the process is in, a line for each hierarchy:
  ///     `0::/path` of version 2, `4:cpu,cpuacct:/path` of version 1.
  package init(mounts: String, membership: String) {
    for line in (smallFile(membership) ?? "").split(separator: "\n") {
      let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard fields.count == 3 else { continue }
      let (controllers, path) = (fields[1], String(fields[2]))
      if controllers.isEmpty {
        take(Self.groups(mounts, path), cpu: Self.quota, memory: Self.limit("memory.max"))
      } else {
        for controller in controllers.split(separator: ",")
        where ["cpu", "memory"].contains(controller) {
          // Mounted under the name of one controller, or of all that share a hierarchy.
          for mount in ["\(mounts)/\(controllers)", "\(mounts)/\(controller)"] {
            take(
              Self.groups(mount, path),
              cpu: controller == "cpu" ? Self.quotaOfVersion1 : { _ in nil },
              memory: controller == "memory"
                ? Self.limit("memory.limit_in_bytes") : { _ in nil })
          }
        }
      }
    }
  }

  /// Limits hold for all groups inside, so the least of them counts.
  private mutating func take(
    _ groups: [String], cpu: (String) -> Double?, memory limit: (String) -> Int?
  ) {
    for group in groups {
      if let quota = cpu(group) {
        processors = min(processors ?? .max, max(1, Int(quota.rounded(.up))))
      }
      if let bytes = limit(group) { memory = min(memory ?? .max, bytes) }
    }
  }

  /// The folders of a group and of those that it lies in. Inside a container the path may be the
  /// host's, whose lower part is not mounted: what is there counts.
  private static func groups(_ mount: String, _ path: String) -> [String] {
    var groups = [mount]
    for part in path.split(separator: "/") { groups.append(groups[groups.count - 1] + "/" + part) }
    return groups
  }

  /// `cpu.max`: the quota and its period in microseconds, `max` for none.
  private static func quota(_ group: String) -> Double? {
    let words = (smallFile(group + "/cpu.max") ?? "").split { $0 == " " || $0 == "\n" }
    guard words.count == 2 else { return nil }
    return ratio(String(words[0]), String(words[1]))
  }

  private static func quotaOfVersion1(_ group: String) -> Double? {
    guard let quota = smallFile(group + "/cpu.cfs_quota_us"),
      let period = smallFile(group + "/cpu.cfs_period_us")
    else { return nil }
    return ratio(quota, period)
  }

  private static func ratio(_ quota: String, _ period: String) -> Double? {
    // −1 and `max` stand for no quota.
    guard let quota = number(quota), let period = number(period), quota > 0, period > 0
    else { return nil }
    return Double(quota) / Double(period)
  }

  private static func limit(_ name: String) -> (String) -> Int? {
    { group in
      // No limit is `max`, or in version 1 more than any machine has.
      smallFile(group + "/" + name).flatMap(number).flatMap { $0 > 0 && $0 < 1 << 60 ? $0 : nil }
    }
  }

  private static func number(_ text: String) -> Int? {
    Int(text.filter { !$0.isWhitespace })
  }
}

/// A file of the system's own, which is short; `nil` where there is none.
private func smallFile(_ path: String) -> String? {
  let descriptor = path.withSystemPath { open($0, O_RDONLY | O_CLOEXEC) }
  guard descriptor >= 0 else { return nil }
  defer { close(descriptor) }
  let size = 64 << 10
  var bytes = [UInt8](repeating: 0, count: size)
  var length = 0
  while length < size {
    let count = bytes.withUnsafeMutableBytes { bytes in
      retrying { read(descriptor, bytes.baseAddress! + length, size - length) }
    }
    guard count > 0 else { break }
    length += count
  }
  return String(decoding: bytes.prefix(length), as: UTF8.self)
}
