namespace Broker.Rooms.Hosting;

/// <summary>The appointments of a room, by time, and those of the same time in the order of being made.</summary>
internal sealed class AppointmentBook
{
    private readonly SortedDictionary<(TimeSpan Due, long Id), Appointment> _byTime = [];
    private readonly Dictionary<long, TimeSpan> _dues = [];
    private int _bytes;

    public long NextId { get; set; } = 1;

    public IReadOnlyCollection<Appointment> All => _byTime.Values;

    public Appointment? First
    {
        get
        {
            foreach (var appointment in _byTime.Values)
            {
                return appointment;
            }

            return null;
        }
    }

    /// <exception cref="RoomException">There are too many.</exception>
    public long Make(TimeSpan due, string name, RoomData data)
    {
        if (_dues.Count == RoomLimits.Appointments || data.Bytes.Length > RoomLimits.AppointmentBytes - _bytes)
        {
            throw new RoomException($"A room has at most {RoomLimits.Appointments} appointments, with {RoomLimits.AppointmentBytes} bytes of data.");
        }

        var appointment = new Appointment(NextId++, due, name, data);
        Put(appointment);
        return appointment.Id;
    }

    public bool Cancel(long id)
    {
        if (!_dues.Remove(id, out var due))
        {
            return false;
        }

        _byTime.Remove((due, id), out var appointment);
        _bytes -= appointment!.Data.Bytes.Length;
        return true;
    }

    /// <summary>Instead of all that are there.</summary>
    public void Load(IEnumerable<Appointment> appointments, long nextId)
    {
        _byTime.Clear();
        _dues.Clear();
        (_bytes, NextId) = (0, nextId);
        foreach (var appointment in appointments)
        {
            Put(appointment);
        }
    }

    private void Put(Appointment appointment)
    {
        _byTime.Add((appointment.Due, appointment.Id), appointment);
        _dues.Add(appointment.Id, appointment.Due);
        _bytes += appointment.Data.Bytes.Length;
    }
}
